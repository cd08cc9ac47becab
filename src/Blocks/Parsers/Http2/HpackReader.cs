using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http2;

/// <summary>
/// Reads the fields of one header block (RFC 7541 section 6).
/// <code>
/// 1 index (7)                        indexed field
/// 01 name's index (6) [name] value   literal, added to the table
/// 001 size (5)                       size of the table
/// 000x name's index (4) [name] value literal, not added
/// string: | H length (7) | bytes, in Huffman's code where H
/// </code>
/// </summary>
internal ref struct HpackReader(Session session, HpackTable table, ReadOnlySpan<byte> block, Span<byte> scratch)
{
    private const int MostInteger = 1 << 24;
    private readonly Span<byte> _scratch = scratch;
    private PacketReader _reader = new(block);
    private int _used; // of the scratch, by the field in hand

    /// <summary>Whether the block was not well-formed; the table can't be relied on any more.</summary>
    public bool Failed { get; private set; }

    /// <summary>Scratch memory that a block needs: strings in Huffman's code, and a name out of the table.</summary>
    public static int ScratchFor(HpackTable table, int blockLength) => (2 * HpackHuffman.MostBytes(blockLength)) + table.Limit;

    /// <summary>Reads a field; name and value are valid until the next.</summary>
    public bool TryRead(out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        name = value = default;
        _used = 0;
        while (!Failed && _reader.Remaining > 0)
        {
            byte first = _reader.Peek;
            if ((first & 0xE0) == 0x20)
            {
                Failed |= !table.TryResize(Integer(5)) || _reader.Failed;
                continue;
            }
            bool indexed = (first & 0x80) != 0;
            bool added = (first & 0xC0) == 0x40;
            int index = Integer(
                indexed ? 7
                : added ? 6
                : 4
            );
            if (_reader.Failed || index > HpackStatic.Count + table.Count || (indexed && index == 0))
            {
                Failed = true;
                break;
            }
            name = index == 0 ? String() : NameOf(index);
            if (indexed)
            {
                value = ValueOf(index);
                return true;
            }
            // Adding may move what the table holds.
            if (index > HpackStatic.Count)
                name = Keep(name);
            value = String();
            if (_reader.Failed || Failed)
                break;
            if (added)
                table.Add(session, name, value);
            return true;
        }
        Failed |= _reader.Failed;
        return false;
    }

    private readonly ReadOnlySpan<byte> NameOf(int index) =>
        index <= HpackStatic.Count ? HpackStatic.Name(index) : table.Name(index - HpackStatic.Count);

    private readonly ReadOnlySpan<byte> ValueOf(int index) =>
        index <= HpackStatic.Count ? HpackStatic.Value(index) : table.Value(index - HpackStatic.Count);

    private ReadOnlySpan<byte> Keep(scoped ReadOnlySpan<byte> text)
    {
        Span<byte> kept = _scratch.Slice(_used, text.Length);
        text.CopyTo(kept);
        _used += text.Length;
        return kept;
    }

    /// <summary>An integer that begins in the low bits of a byte (section 5.1).</summary>
    private int Integer(int bits)
    {
        int most = (1 << bits) - 1;
        int value = _reader.U8() & most;
        if (value < most)
            return value;
        for (int shift = 0; ; shift += 7)
        {
            byte next = _reader.U8();
            if (shift > 21 || value > MostInteger)
                _reader.Fail();
            if (_reader.Failed)
                return 0;
            value += (next & 0x7F) << shift;
            if ((next & 0x80) == 0)
                return value;
        }
    }

    private ReadOnlySpan<byte> String()
    {
        bool huffman = (_reader.Peek & 0x80) != 0;
        ReadOnlySpan<byte> bytes = _reader.Take(Integer(7));
        if (!huffman)
            return bytes;
        int length = HpackHuffman.Decode(bytes, _scratch[_used..]);
        if (length < 0)
        {
            Failed = true;
            return default;
        }
        ReadOnlySpan<byte> decoded = _scratch.Slice(_used, length);
        _used += length;
        return decoded;
    }
}
