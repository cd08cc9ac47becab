using System.Buffers.Binary;
using ZstdSharp;

namespace FlowPipe.Core.Writing;

/// <summary>
/// Reads single packets of a file that the writer has made, by their places, without what lies between: a plain one anywhere, a compressed one block by
/// block. Whoever goes through the file from its beginning on reads each byte once at most.
/// </summary>
public sealed class PcapFileReader : IDisposable
{
    private const int WindowLength = 64 * 1024;
    private const int MostCaptured = 262_144;
    private const long NanosecondsPerSecond = 1_000_000_000;

    /// <summary>A block holds a buffer of the writer, of which no setting makes a larger one.</summary>
    private const int MostBlock = 64 << 20;

    private readonly FileStream _file;
    private readonly List<ZstdFrame>? _blocks;
    private readonly Decompressor? _zstd;
    private byte[] _window = new byte[WindowLength];
    private byte[] _compressed = [];
    private long _start; // of the window, in the decompressed file
    private int _length;
    private int _block = -1;
    private long _blockPlace; // of the block behind the window, in the compressed file

    private PcapFileReader(FileStream file, List<ZstdFrame>? blocks)
    {
        _file = file;
        _blocks = blocks;
        _zstd = blocks is null ? null : new Decompressor();
    }

    /// <summary>Link type of all its packets.</summary>
    public ushort LinkType { get; private set; }

    /// <summary>Opens a file.</summary>
    /// <returns>Null when it can't be read by places: it is not as the writer makes them, or compressed and was never closed.</returns>
    /// <exception cref="IOException">It can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of rights.</exception>
    public static PcapFileReader? TryOpen(string path)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        PcapFileReader? reader = null;
        try
        {
            Span<byte> magic = stackalloc byte[4];
            List<ZstdFrame>? blocks = null;
            if (
                file.ReadAtLeast(magic, 4, throwOnEndOfStream: false) == 4
                && BinaryPrimitives.ReadUInt32LittleEndian(magic) == ZstdSeekTable.ZstdMagic
            )
            {
                blocks = ZstdSeekTable.Read(file);
                if (blocks is null)
                    return null;
            }
            reader = new PcapFileReader(file, blocks);
            if (!reader.TryReadHeader())
                return null;
            PcapFileReader opened = reader;
            reader = null;
            file = null;
            return opened;
        }
        finally
        {
            reader?.Dispose();
            file?.Dispose();
        }
    }

    /// <summary>Reads the packet whose record begins at an offset of the decompressed file.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="IOException">The file can't be read.</exception>
    public bool TryRead(long offset, out PcapPacket packet)
    {
        packet = default;
        if (!TryGet(offset, PcapLayout.RecordHeaderLength, out ReadOnlySpan<byte> header))
            return false;
        uint seconds = BinaryPrimitives.ReadUInt32LittleEndian(header);
        uint nanoseconds = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
        int captured = BinaryPrimitives.ReadInt32LittleEndian(header[8..]);
        int original = BinaryPrimitives.ReadInt32LittleEndian(header[12..]);
        // What is written over such a place is hardly ever like a packet.
        if (nanoseconds >= NanosecondsPerSecond || captured is < 0 or > MostCaptured || original < 0)
            return false;
        if (!TryGet(offset + PcapLayout.RecordHeaderLength, captured, out ReadOnlySpan<byte> frame))
            return false;
        packet = new PcapPacket((seconds * NanosecondsPerSecond) + nanoseconds, original, frame);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _zstd?.Dispose();
    }

    private bool TryReadHeader()
    {
        if (!TryGet(0, PcapLayout.FileHeaderLength, out ReadOnlySpan<byte> header))
            return false;
        LinkType = BinaryPrimitives.ReadUInt16LittleEndian(header[20..]);
        Span<byte> expected = stackalloc byte[PcapLayout.FileHeaderLength];
        PcapLayout.WriteFileHeader(expected, LinkType);
        return header.SequenceEqual(expected);
    }

    private bool TryGet(long offset, int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (offset < _start || offset + length > _start + _length)
        {
            if (_blocks is null)
                ReadWindow(offset, length);
            else if (!TryReadBlock(offset))
                return false;
        }
        if (offset < _start || offset + length > _start + _length)
            return false;
        bytes = _window.AsSpan((int)(offset - _start), length);
        return true;
    }

    private void ReadWindow(long offset, int length)
    {
        if (_window.Length < length)
            _window = new byte[length];
        _start = offset;
        _length = 0;
        while (_length < _window.Length)
        {
            int read = RandomAccess.Read(_file.SafeFileHandle, _window.AsSpan(_length), offset + _length);
            if (read == 0)
                return;
            _length += read;
        }
    }

    private bool TryReadBlock(long offset)
    {
        if (offset < _start || _block < 0)
        {
            _block = -1;
            _start = _blockPlace = 0;
            _length = 0;
        }
        while (offset >= _start + _length)
        {
            _start += _length;
            _length = 0;
            if (++_block >= _blocks!.Count)
            {
                _block = -1;
                return false;
            }
            ZstdFrame block = _blocks[_block];
            if (offset < _start + block.Decompressed && !TryDecompress(block))
                return false;
            _length = block.Decompressed;
            _blockPlace += block.Compressed;
        }
        return true;
    }

    private bool TryDecompress(ZstdFrame block)
    {
        if (block.Decompressed > MostBlock || block.Compressed > Compressor.GetCompressBound(MostBlock))
            return false;
        if (_compressed.Length < block.Compressed)
            _compressed = new byte[block.Compressed];
        if (_window.Length < block.Decompressed)
            _window = new byte[block.Decompressed];
        Span<byte> compressed = _compressed.AsSpan(0, block.Compressed);
        for (int read = 0; read < compressed.Length; )
        {
            int more = RandomAccess.Read(_file.SafeFileHandle, compressed[read..], _blockPlace + read);
            if (more == 0)
                return false;
            read += more;
        }
        try
        {
            return _zstd!.Unwrap(compressed, _window) == block.Decompressed;
        }
        catch (ZstdException)
        {
            return false;
        }
    }
}

/// <summary>A packet of a file, borrowed until the next is read.</summary>
/// <param name="timestampNs">Its time, nanoseconds since 1970-01-01 UTC.</param>
/// <param name="originalLength">Its bytes on the wire.</param>
/// <param name="frame">Those that there are.</param>
public readonly ref struct PcapPacket(long timestampNs, int originalLength, ReadOnlySpan<byte> frame)
{
    /// <summary>Its time, nanoseconds since 1970-01-01 UTC.</summary>
    public long TimestampNs { get; } = timestampNs;

    /// <summary>Its bytes on the wire.</summary>
    public int OriginalLength { get; } = originalLength;

    /// <summary>The bytes that there are.</summary>
    public ReadOnlySpan<byte> Frame { get; } = frame;
}
