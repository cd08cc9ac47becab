using System.IO.Compression;
using System.Text;

namespace FlowPipe.Schemas;

/// <summary>Some records of a container file, one after the other, as the file's schema encodes them.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Data">Their bytes; valid until the next block is read.</param>
/// <param name="Offset">Where the block begins in the file.</param>
public readonly record struct AvroBlock(long Count, ReadOnlyMemory<byte> Data, long Offset);

/// <summary>
/// Reads an object container file block by block; <see cref="AvroContainerWriter"/> shows the layout. The file may come from anybody: whatever it
/// claims is checked, and bounded, before memory is spent on it. Not safe for several threads.
/// </summary>
public sealed class AvroContainerReader : IDisposable
{
    /// <summary>Bytes that a block may have, compressed or not.</summary>
    public const int BlockLengthMax = 64 * 1024 * 1024;

    /// <summary>Bytes that the header's entries may have together.</summary>
    private const int HeaderLengthMax = 16 * 1024 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _sync = new byte[AvroContainerWriter.SyncLength];
    private readonly AvroCodec _codec;
    private readonly ZstdSharp.Decompressor? _zstd;
    private byte[] _block = [];
    private byte[] _inflated = [];
    private long _offset;

    /// <summary>Reads the header.</summary>
    /// <param name="stream">Read from where it stands; it is not disposed of. Should be buffered.</param>
    /// <exception cref="InvalidDataException">It is no container file, or one that can't be read; the message says where and why.</exception>
    public AvroContainerReader(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        Span<byte> magic = stackalloc byte[4];
        Fill(magic, "the header");
        if (!magic.SequenceEqual("Obj\u0001"u8))
        {
            throw new InvalidDataException("no Avro container file: it does not begin with Obj and 1");
        }

        string codec = "null";
        string? schema = null;
        long length = 0;
        for (long entries = ReadCount("the header"); entries != 0; entries = ReadCount("the header"))
        {
            for (long i = 0; i < entries; i++)
            {
                byte[] name = ReadBytes(ref length);
                byte[] value = ReadBytes(ref length);
                switch (Encoding.UTF8.GetString(name))
                {
                    case "avro.schema":
                        schema = Encoding.UTF8.GetString(value);
                        break;
                    case "avro.codec":
                        codec = Encoding.UTF8.GetString(value);
                        break;
                }
            }
        }

        Schema = schema ?? throw new InvalidDataException("the header has no avro.schema");
        if (!AvroCodecNames.TryParse(codec, out _codec))
        {
            throw new InvalidDataException($"its codec '{codec}' is not known here; there are {AvroCodecNames.All}");
        }

        _zstd = _codec == AvroCodec.Zstandard ? new ZstdSharp.Decompressor() : null;
        Fill(_sync, "the header");
    }

    /// <summary>The schema that the records were written with, as JSON.</summary>
    public string Schema { get; }

    /// <summary>Reads the next block.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="InvalidDataException">The block is damaged or cut short; what came before is good.</exception>
    public bool TryRead(out AvroBlock block)
    {
        block = default;
        long start = _offset;
        if (!TryReadLong("a block's head", atEndAllowed: true, out long count))
        {
            return false;
        }

        _ = TryReadLong("a block's head", atEndAllowed: false, out long length);
        if (count < 0 || length is < 0 or > BlockLengthMax)
        {
            throw Damaged(start, $"a block of {count} records in {length} bytes (at most {BlockLengthMax})");
        }

        if (_block.Length < length)
        {
            _block = new byte[length];
        }

        Span<byte> data = _block.AsSpan(0, (int)length);
        Fill(data, "a block");
        Span<byte> sync = stackalloc byte[AvroContainerWriter.SyncLength];
        Fill(sync, "a block's sync marker");
        if (!sync.SequenceEqual(_sync))
        {
            throw Damaged(start, "a block without the file's sync marker behind it");
        }

        block = new AvroBlock(count, Inflate(start, (int)length), start);
        return true;
    }

    /// <summary>Gives up what decompressing took.</summary>
    public void Dispose() => _zstd?.Dispose();

    private ReadOnlyMemory<byte> Inflate(long start, int length)
    {
        if (_codec == AvroCodec.Null)
        {
            return _block.AsMemory(0, length);
        }

        int filled = 0;
        try
        {
            using var compressed = new MemoryStream(_block, 0, length, writable: false);
            using Stream plain =
                _codec == AvroCodec.Deflate
                    ? new DeflateStream(compressed, CompressionMode.Decompress)
                    : new ZstdSharp.DecompressionStream(compressed, _zstd!, leaveOpen: true);
            while (filled < BlockLengthMax)
            {
                if (filled == _inflated.Length)
                {
                    Array.Resize(ref _inflated, Math.Clamp(2 * filled, 64 * 1024, BlockLengthMax));
                }

                int read = plain.Read(_inflated, filled, _inflated.Length - filled);
                if (read == 0)
                {
                    return _inflated.AsMemory(0, filled);
                }

                filled += read;
            }
        }
        catch (Exception e) when (e is InvalidDataException or ZstdSharp.ZstdException or EndOfStreamException)
        {
            throw Damaged(start, $"a block that can't be decompressed ({e.Message})");
        }

        throw Damaged(start, $"a block that grows to {BlockLengthMax} bytes or beyond when decompressed");
    }

    /// <summary>Of a map's block: a negative number of entries is followed by its size in bytes.</summary>
    private long ReadCount(string where)
    {
        _ = TryReadLong(where, atEndAllowed: false, out long count);
        if (count < 0)
        {
            _ = TryReadLong(where, atEndAllowed: false, out _);
            count = unchecked(-count);
        }

        return count is < 0 or > HeaderLengthMax ? throw Damaged(_offset, $"a header of {count} entries") : count;
    }

    private byte[] ReadBytes(ref long total)
    {
        _ = TryReadLong("the header", atEndAllowed: false, out long length);
        if (length < 0 || (total += length) > HeaderLengthMax)
        {
            throw Damaged(_offset, $"an entry of {length} bytes in the header");
        }

        byte[] bytes = new byte[length];
        Fill(bytes, "the header");
        return bytes;
    }

    private bool TryReadLong(string where, bool atEndAllowed, out long value)
    {
        ulong bits = 0;
        for (int i = 0; i < Varint.MaxBytes; i++)
        {
            int b = _stream.ReadByte();
            if (b < 0)
            {
                value = 0;
                return i == 0 && atEndAllowed ? false : throw CutShort(where);
            }

            _offset++;
            bits |= (ulong)(b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                value = (long)(bits >> 1) ^ -(long)(bits & 1);
                return true;
            }
        }

        throw Damaged(_offset, "a number of more than ten bytes");
    }

    private void Fill(Span<byte> destination, string where)
    {
        int read = _stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
        _offset += read;
        if (read < destination.Length)
        {
            throw CutShort(where);
        }
    }

    private InvalidDataException CutShort(string where) => new($"cut short at byte {_offset}, inside {where}");

    private static InvalidDataException Damaged(long offset, string what) => new($"damaged at byte {offset}: {what}");
}
