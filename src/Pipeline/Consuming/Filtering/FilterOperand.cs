using System.Globalization;
using FlowPipe.Core;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Consuming.Filtering;

/// <summary>What is done with a field's values.</summary>
internal enum FilterOperator
{
    Exists,
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
    Contains,
}

/// <summary>The value that a filter compares with, in all the ways that it can be understood.</summary>
internal sealed class FilterOperand
{
    public static readonly FilterOperand None = new("");

    private readonly decimal? _number;
    private readonly long? _time;
    private readonly (UInt128 First, UInt128 Last)? _network;

    public FilterOperand(string text)
    {
        Text = text;
        _number =
            decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) ? number
            : bool.TryParse(text, out bool truth) ? (truth ? 1 : 0)
            : null;
        _time = DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out DateTimeOffset time
        )
            ? time.ToUnixTimeMilliseconds()
            : null;
        _network = NetworkOf(text);
    }

    public string Text { get; }

    /// <exception cref="FlowPipeException">A field of this type can't be compared with it.</exception>
    public void Check(FieldDefinition field, FilterOperator comparison)
    {
        bool fits = field.Field.Type switch
        {
            SpiType.RecordSet => throw new FlowPipeException(
                $"{field.Name} is a record; compare one of its fields ('flowpipe fields {field.Name}')"
            ),
            SpiType.Ip or SpiType.IpSet => _network is not null || comparison == FilterOperator.Contains,
            _ when field.TypeName == "time" => _number is not null || _time is not null,
            SpiType.Long or SpiType.Int or SpiType.LongSet or SpiType.IntSet or SpiType.Bool or SpiType.Double or SpiType.Packed => _number
                is not null,
            _ => true,
        };
        if (!fits)
            throw new FlowPipeException($"{field.Name} is of type {field.TypeName}, which '{Text}' is not");
    }

    public bool Compare(FilterOperator comparison, decimal value, bool isTime) =>
        comparison == FilterOperator.Contains
            ? value.ToString(CultureInfo.InvariantCulture).Contains(Text, StringComparison.Ordinal)
            : (_number ?? (isTime ? _time : null)) is { } number && Holds(comparison, value.CompareTo(number));

    public bool Compare(FilterOperator comparison, UInt128 address)
    {
        if (comparison == FilterOperator.Contains)
            return AddressText.Of(address).Contains(Text, StringComparison.Ordinal);
        if (_network is not { } network)
            return false;
        int order =
            address < network.First ? -1
            : address > network.Last ? 1
            : 0;
        return Holds(comparison, order);
    }

    public bool Compare(FilterOperator comparison, string value) =>
        comparison == FilterOperator.Contains
            ? value.Contains(Text, StringComparison.OrdinalIgnoreCase)
            : Holds(comparison, string.CompareOrdinal(value, Text));

    /// <summary>A value whose type nobody has told: a number where both are numbers, else text.</summary>
    public bool CompareUntyped(FilterOperator comparison, string value) =>
        _network is not null && IpText.TryParse(value, out UInt128 address) ? Compare(comparison, address) : Compare(comparison, value);

    private static bool Holds(FilterOperator comparison, int order) =>
        comparison switch
        {
            FilterOperator.Less => order < 0,
            FilterOperator.AtMost => order <= 0,
            FilterOperator.More => order > 0,
            FilterOperator.AtLeast => order >= 0,
            _ => order == 0, // that of != is turned round where all values are known
        };

    /// <summary>An address, or a network such as 10.0.0.0/8, as its first and last address.</summary>
    private static (UInt128 First, UInt128 Last)? NetworkOf(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IpText.TryParse(slash < 0 ? text : text.AsSpan(0, slash), out UInt128 address))
            return null;
        if (slash < 0)
            return (address, address);
        bool isIPv4 = !text.Contains(':', StringComparison.Ordinal);
        int bits = isIPv4 ? 32 : 128;
        if (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int length) || length > bits)
            return null;
        UInt128 rest = bits == length ? UInt128.Zero : UInt128.MaxValue >> (128 - bits + length);
        return (address & ~rest, address | rest);
    }
}
