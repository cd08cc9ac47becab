using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Tls;

/// <summary>
/// Room for the text of a fingerprint: lists of numbers, and their hashes. What does not fit latches <see cref="IsFull"/>, because the hash of
/// a part would be somebody else's fingerprint.
/// </summary>
internal sealed class TextScratch(int capacity)
{
    private readonly byte[] _bytes = new byte[capacity];
    private int _length;

    public bool IsFull { get; private set; }

    public ReadOnlySpan<byte> Text => _bytes.AsSpan(0, _length);

    public int Length => _length;

    public void Clear()
    {
        _length = 0;
        IsFull = false;
    }

    public void Add(byte character)
    {
        if (_length == _bytes.Length)
            IsFull = true;
        else
            _bytes[_length++] = character;
    }

    public void Add(ReadOnlySpan<byte> text)
    {
        if (text.TryCopyTo(_bytes.AsSpan(_length)))
            _length += text.Length;
        else
            IsFull = true;
    }

    public void AddDecimal(int value)
    {
        if (value.TryFormat(_bytes.AsSpan(_length), out int digits))
            _length += digits;
        else
            IsFull = true;
    }

    /// <summary>A list as JA3 has it: decimal, hyphens between.</summary>
    public void AddDecimals(ReadOnlySpan<ushort> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0)
                Add((byte)'-');
            AddDecimal(values[i]);
        }
    }

    /// <summary>A list as JA4 has it: four hexadecimal digits each, commas between.</summary>
    public void AddHexadecimals(ReadOnlySpan<ushort> values)
    {
        Span<byte> digits = stackalloc byte[4];
        for (int i = 0; i < values.Length; i++)
        {
            if (i > 0)
                Add((byte)',');
            Hex.Write([(byte)(values[i] >> 8), (byte)values[i]], digits);
            Add(digits);
        }
    }

    /// <summary>The first twelve digits of the SHA-256 of what was added since; twelve zeros when that is nothing.</summary>
    public void WriteShortHash(int from, Span<byte> digits)
    {
        digits.Fill((byte)'0');
        if (from == _length)
            return;
        Span<byte> hash = stackalloc byte[ShortHash.Sha256Bytes];
        ShortHash.Sha256(_bytes.AsSpan(from, _length - from), hash);
        Hex.Write(hash, digits);
    }

    /// <summary>Adds the MD5 of the text to a field, and by choice the text itself to another.</summary>
    public void AddTo(SpiFields fields, SpiField hashField, SpiField textField, bool withText)
    {
        if (IsFull)
            return;
        BodyHash.AddWhole(fields, hashField, BodyHashKind.Md5, Text);
        if (withText)
            fields.Add(textField, Text);
    }
}
