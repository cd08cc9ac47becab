namespace FlowPipe.Abstractions;

/// <summary>
/// Reads the elements of ASN.1's Basic Encoding Rules (ITU-T X.690) one after the other, without allocating and without recursion.
/// <code>
/// identifier:  | class (2 bits) | constructed (1) | tag number (5), 31: it follows in base 128 |
/// length:      | 0 | length (7) |   or   | 1 | count (7) | length (count bytes) |   or   | 80 | … | 00 00 |
/// content:     length bytes
/// </code>
/// A length beyond the data, a tag number of more than 28 bits or a length of more than 4 bytes latches <see cref="Failed"/>.
/// </summary>
/// <param name="data">The bytes to read.</param>
/// <param name="cut">Whether the data is the beginning of something longer: an element that reaches beyond it ends with it.</param>
public ref struct BerReader(ReadOnlySpan<byte> data, bool cut = false)
{
    private const byte Indefinite = 0x80;
    private ReadOnlySpan<byte> _rest = data;

    /// <summary>Whether something was not BER; nothing is read after it.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whether there is nothing left.</summary>
    public readonly bool IsEmpty => _rest.IsEmpty;

    /// <summary>The bytes that are left.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    /// <summary>Reads an element.</summary>
    /// <returns>False at the end, and when there is none (<see cref="Failed"/>).</returns>
    public bool TryRead(out BerElement element)
    {
        element = default;
        if (_rest.IsEmpty || Failed)
            return false;
        if (!TryReadHeader(_rest, out byte identifier, out int number, out int header, out int length))
            return Fail();
        int trailer = 0;
        if (length < 0)
        {
            if ((identifier & BerElement.ConstructedBit) == 0 || (length = LengthToEnd(_rest[header..])) < 0)
                return Fail();
            trailer = 2;
        }
        else if (length > _rest.Length - header)
        {
            if (!cut)
                return Fail();
            length = _rest.Length - header;
        }
        element = new BerElement(identifier, number, _rest[..(header + length + trailer)], _rest.Slice(header, length));
        _rest = _rest[(header + length + trailer)..];
        return true;
    }

    /// <summary>Reads an element that must have this identifier byte, such as 0x30 for a SEQUENCE.</summary>
    /// <returns>False when it has another, which latches <see cref="Failed"/>.</returns>
    public bool TryRead(byte identifier, out BerElement element)
    {
        if (TryRead(out element) && element.Identifier == identifier)
            return true;
        return Fail();
    }

    /// <summary>Whether the next element has this identifier byte; reads nothing.</summary>
    public readonly bool IsNext(byte identifier) => !Failed && _rest.Length > 0 && _rest[0] == identifier;

    private bool Fail()
    {
        Failed = true;
        _rest = default;
        return false;
    }

    /// <summary>Reads identifier and length; an indefinite length is −1.</summary>
    private static bool TryReadHeader(ReadOnlySpan<byte> bytes, out byte identifier, out int number, out int header, out int length)
    {
        var reader = new PacketReader(bytes);
        identifier = reader.U8();
        number = identifier & 0x1F;
        if (number == 0x1F)
        {
            number = 0;
            byte next;
            do
            {
                if (number > 0x1F_FFFF)
                {
                    (header, length) = (0, 0);
                    return false;
                }
                next = reader.U8();
                number = (number << 7) | (next & 0x7F);
            } while ((next & 0x80) != 0);
        }
        byte first = reader.U8();
        length = first;
        if (first == Indefinite)
            length = -1;
        else if (first > Indefinite)
        {
            int count = first & 0x7F;
            uint value = 0;
            for (int i = 0; i < Math.Min(count, 4); i++)
                value = (value << 8) | reader.U8();
            length = count > 4 || value > int.MaxValue ? int.MaxValue : (int)value;
        }
        header = bytes.Length - reader.Remaining;
        return !reader.Failed && length != int.MaxValue;
    }

    /// <summary>Bytes up to the end-of-contents that closes an indefinite length; −1 when there is none.</summary>
    private static int LengthToEnd(ReadOnlySpan<byte> content)
    {
        int depth = 1;
        int at = 0;
        while (at < content.Length)
        {
            if (!TryReadHeader(content[at..], out byte identifier, out _, out int header, out int length))
                return -1;
            if (identifier == 0 && length == 0)
            {
                if (--depth == 0)
                    return at;
            }
            else if (length < 0)
                depth++;
            if (length > content.Length - at - header)
                return -1;
            at += header + Math.Max(0, length);
        }
        return -1;
    }
}
