using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>Values of fields that plugins define: entries of the map <c>custom</c>, a set as a JSON array.</summary>
internal static class CustomValues
{
    /// <summary>Bytes of one entry: a set that has grown to it takes no more.</summary>
    private const int LongestEntry = 16 * 1024;

    public static bool Add(SpiFields fields, SpiField custom, CustomField field, long value)
    {
        Span<byte> text = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, text, out int length);
        return field.Type switch
        {
            SpiType.Long or SpiType.Int or SpiType.Bool => fields.AddEntry(custom, field.Key, text[..length]),
            SpiType.LongSet or SpiType.IntSet => AddToSet(fields, custom, field, text[..length]),
            _ => throw new ArgumentException($"{field.Name} cannot hold an integer.", nameof(field)),
        };
    }

    public static bool Add(SpiFields fields, SpiField custom, CustomField field, ReadOnlySpan<byte> utf8)
    {
        if (field.Type == SpiType.Utf8)
            return fields.AddEntry(custom, field.Key, utf8);
        if (field.Type != SpiType.Utf8Set)
            throw new ArgumentException($"{field.Name} cannot hold a text.", nameof(field));
        if (utf8.Length > LongestEntry)
            return false;
        // At worst each byte is invalid and becomes U+FFFD, or a control character that becomes \u0000.
        byte[] quoted = ArrayPool<byte>.Shared.Rent(2 + (6 * utf8.Length));
        try
        {
            int length = Quote(utf8, quoted);
            return AddToSet(fields, custom, field, quoted.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(quoted);
        }
    }

    private static int Quote(ReadOnlySpan<byte> utf8, Span<byte> quoted)
    {
        int at = 0;
        quoted[at++] = (byte)'"';
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(utf8, quoted[at..], out _, out int written);
        at += written;
        quoted[at++] = (byte)'"';
        return at;
    }

    /// <summary>Adds an element, as JSON, to the array that the entry holds.</summary>
    private static bool AddToSet(SpiFields fields, SpiField custom, CustomField field, ReadOnlySpan<byte> element)
    {
        ReadOnlySpan<byte> array = "[]"u8;
        foreach (SpiValue entry in fields.Values(custom))
        {
            if (entry.Key.SequenceEqual(field.Key))
                array = entry.Utf8;
        }
        if (Holds(array, element) || array.Length + element.Length + 1 > LongestEntry)
            return false;
        byte[] grown = ArrayPool<byte>.Shared.Rent(array.Length + element.Length + 1);
        try
        {
            int at = array.Length - 1;
            array[..at].CopyTo(grown);
            if (at > 1)
                grown[at++] = (byte)',';
            element.CopyTo(grown.AsSpan(at));
            at += element.Length;
            grown[at++] = (byte)']';
            return fields.AddEntry(custom, field.Key, grown.AsSpan(0, at));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(grown);
        }
    }

    private static bool Holds(ReadOnlySpan<byte> array, ReadOnlySpan<byte> element)
    {
        int at = 1;
        while (at < array.Length - 1)
        {
            int end = ElementEnd(array, at);
            if (array[at..end].SequenceEqual(element))
                return true;
            at = end + 1;
        }
        return false;
    }

    /// <summary>Where the comma or bracket after an element is.</summary>
    private static int ElementEnd(ReadOnlySpan<byte> array, int at)
    {
        bool quoted = false;
        for (; at < array.Length; at++)
        {
            byte value = array[at];
            if (quoted && value == '\\')
                at++;
            else if (value == '"')
                quoted = !quoted;
            else if (!quoted && value is (byte)',' or (byte)']')
                return at;
        }
        return array.Length;
    }
}
