using SharpCompress.Compressors.Xz;

namespace FlowPipe.Core.Reading;

/// <summary>
/// The contents of all xz streams of a file, one after the other. SharpCompress decodes one stream, and gives it whatever dictionary it asks for; here
/// what a stream's first block wants is looked at before.
/// <code>
///  stream header: FD '7zXZ' 00, flags (2), CRC (4)
///  block header:  size / 4 - 1, flags, [compressed size], [size], filters: id, properties' size, properties …
///  between streams: zeros, four at a time
/// </code>
/// </summary>
internal sealed class XzStreams(Stream compressed) : ReadOnlyStream
{
    private const int BufferSize = 64 * 1024;
    private const int StreamHeader = 12;
    private const int Lzma2 = 0x21;

    /// <summary>Size code of LZMA2's dictionaries: 32 is 256 MiB, four times what <c>xz -9</c> uses.</summary>
    private const byte LargestDictionary = 32;

    private readonly BufferedStream _compressed = new(compressed, BufferSize); // the decoder reads byte by byte
    private XZStream? _stream;

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            _stream ??= Next();
            int read = _stream?.Read(buffer) ?? 0;
            if (read > 0 || _stream is null || buffer.IsEmpty)
                return read;
            _stream = null;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _compressed.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>Begins the next stream; null at the end of the file.</summary>
    private XZStream? Next()
    {
        byte[] head = new byte[StreamHeader + 1024];
        int first = _compressed.ReadByte();
        while (first == 0)
            first = _compressed.ReadByte();
        if (first < 0)
            return null;
        head[0] = (byte)first;
        _compressed.ReadExactly(head, 1, StreamHeader);
        int length = StreamHeader + 1;
        if (head[StreamHeader] != 0)
        {
            int blockHeader = (head[StreamHeader] + 1) * 4;
            _compressed.ReadExactly(head, length, blockHeader - 1);
            length += blockHeader - 1;
            CheckDictionary(head.AsSpan(StreamHeader, blockHeader));
        }
        return new XZStream(new PrefixedStream(head.AsMemory(0, length), _compressed, wholeReads: true));
    }

    private static void CheckDictionary(ReadOnlySpan<byte> header)
    {
        const int HasCompressedSize = 0x40;
        const int HasSize = 0x80;
        int filters = (header[1] & 3) + 1;
        byte flags = header[1];
        ReadOnlySpan<byte> rest = header[2..];
        if ((flags & HasCompressedSize) != 0)
            Number(ref rest);
        if ((flags & HasSize) != 0)
            Number(ref rest);
        for (int i = 0; i < filters; i++)
        {
            ulong id = Number(ref rest);
            ulong size = Number(ref rest);
            if (size > (ulong)rest.Length)
                throw new InvalidDataException("the xz block header is longer than it says");
            if (id == Lzma2 && size == 1 && rest[0] > LargestDictionary)
                throw new InvalidDataException("xz asks for a dictionary of more than 256 MiB");
            rest = rest[(int)size..];
        }
    }

    /// <summary>Seven bits a byte, the lowest first; the highest bit says that more follow.</summary>
    private static ulong Number(ref ReadOnlySpan<byte> bytes)
    {
        ulong value = 0;
        for (int shift = 0; shift < 63; shift += 7)
        {
            if (bytes.IsEmpty)
                break;
            byte next = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        throw new InvalidDataException("the xz block header ends within a number");
    }
}
