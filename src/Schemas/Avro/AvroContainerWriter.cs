using System.Buffers;
using System.IO.Compression;
using System.Text;

namespace FlowPipe.Schemas;

/// <summary>
/// Writes an object container file (Avro specification 1.12, "Object Container Files") of records that are encoded already:
/// <code>
/// file:   'O' 'b' 'j' 1 | map of bytes: avro.schema, avro.codec | sync marker (16 bytes) | block ...
/// block:  records (long) | bytes that follow (long) | the records, compressed by the codec | sync marker
/// </code>
/// A block reaches the stream by one write; when that fails, a stream that can be cut is cut back to the block before, so that what
/// was written stays readable. Not safe for several threads.
/// </summary>
public sealed class AvroContainerWriter : IDisposable
{
    /// <summary>Bytes of the sync marker.</summary>
    public const int SyncLength = 16;

    /// <summary>Bytes of records after which a block is written, unless told otherwise.</summary>
    public const int DefaultBlockSize = 64 * 1024;

    /// <summary>Room before the records for the block's two numbers.</summary>
    private const int HeaderRoom = 2 * Varint.MaxBytes;

    private readonly Stream _stream;
    private readonly AvroCodec _codec;
    private readonly byte[] _sync;
    private readonly int _blockSize;
    private readonly MemoryStream? _deflated;
    private readonly ZstdSharp.Compressor? _zstd;
    private byte[] _block;
    private int _length = HeaderRoom;
    private int _count;
    private long _written;
    private bool _failed;

    /// <summary>Writes the file's header.</summary>
    /// <param name="stream">Takes the file; it is not disposed of.</param>
    /// <param name="schema">The records' schema as JSON.</param>
    /// <param name="codec">Compresses the blocks.</param>
    /// <param name="sync">The sync marker; random when empty, as the specification wants it.</param>
    /// <param name="blockSize">Bytes of records after which a block is written.</param>
    public AvroContainerWriter(
        Stream stream,
        string schema,
        AvroCodec codec = AvroCodec.Null,
        ReadOnlySpan<byte> sync = default,
        int blockSize = DefaultBlockSize
    )
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(schema);
        ArgumentOutOfRangeException.ThrowIfLessThan(blockSize, 1);
        if (sync.Length is not (0 or SyncLength))
        {
            throw new ArgumentException($"a sync marker has {SyncLength} bytes, not {sync.Length}", nameof(sync));
        }

        _stream = stream;
        _codec = codec;
        _blockSize = blockSize;
        _sync = sync.IsEmpty ? Guid.NewGuid().ToByteArray() : sync.ToArray();
        _block = ArrayPool<byte>.Shared.Rent(HeaderRoom + blockSize + SyncLength);
        _deflated = codec == AvroCodec.Deflate ? new MemoryStream() : null;
        _zstd = codec == AvroCodec.Zstandard ? new ZstdSharp.Compressor() : null;
        WriteHeader(schema);
    }

    /// <summary>Records in blocks that were written whole.</summary>
    public long RecordsWritten { get; private set; }

    /// <summary>Bytes of those records, before compression.</summary>
    public long RecordBytesWritten { get; private set; }

    /// <summary>Adds a record; writes the block first when it has no room left.</summary>
    public void Append(ReadOnlySpan<byte> record)
    {
        ObjectDisposedException.ThrowIf(_block.Length == 0, this);
        if (_count > 0 && _length - HeaderRoom + record.Length > _blockSize)
        {
            FlushBlock();
        }

        int needed = _length + record.Length + SyncLength;
        if (needed > _block.Length)
        {
            // A record larger than a block: the block grows for it and stays so.
            byte[] larger = ArrayPool<byte>.Shared.Rent(needed);
            _block.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_block);
            _block = larger;
        }

        record.CopyTo(_block.AsSpan(_length));
        _length += record.Length;
        _count++;
    }

    /// <summary>Writes the records that wait, as a block of their own.</summary>
    public void FlushBlock()
    {
        if (_count == 0)
        {
            return;
        }

        if (_failed)
        {
            throw new InvalidOperationException("an earlier block could not be written");
        }

        int recordBytes = _length - HeaderRoom;
        int count = _count;
        switch (_codec)
        {
            case AvroCodec.Deflate:
                Deflate(_block.AsSpan(HeaderRoom, recordBytes));
                break;
            case AvroCodec.Zstandard:
                int bound = ZstdSharp.Compressor.GetCompressBound(recordBytes);
                byte[] compressed = ArrayPool<byte>.Shared.Rent(HeaderRoom + bound + SyncLength);
                int compressedLength = _zstd!.Wrap(_block.AsSpan(HeaderRoom, recordBytes), compressed.AsSpan(HeaderRoom, bound));
                WriteBlock(compressed, compressedLength);
                ArrayPool<byte>.Shared.Return(compressed);
                break;
            default:
                WriteBlock(_block, recordBytes);
                break;
        }

        RecordsWritten += count;
        RecordBytesWritten += recordBytes;
        _count = 0;
        _length = HeaderRoom;
    }

    /// <summary>Gives the memory back. What waits is not written: <see cref="FlushBlock"/> does that, and may fail.</summary>
    public void Dispose()
    {
        if (_block.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_block);
            _block = [];
            _deflated?.Dispose();
            _zstd?.Dispose();
        }
    }

    private void Deflate(ReadOnlySpan<byte> records)
    {
        MemoryStream target = _deflated!;
        target.SetLength(HeaderRoom);
        target.Position = HeaderRoom;
        using (var deflate = new DeflateStream(target, CompressionLevel.Fastest, leaveOpen: true))
        {
            deflate.Write(records);
        }

        int length = (int)target.Length - HeaderRoom;
        target.Write(_sync); // room for it; WriteBlock puts it there again
        WriteBlock(target.GetBuffer(), length);
    }

    /// <summary>Puts the two numbers right before the data and the marker behind it: one write for the whole block.</summary>
    private void WriteBlock(byte[] buffer, int dataLength)
    {
        Span<byte> numbers = stackalloc byte[HeaderRoom];
        int numbersLength = Varint.WriteZigZag(numbers, _count);
        numbersLength += Varint.WriteZigZag(numbers[numbersLength..], dataLength);
        numbers[..numbersLength].CopyTo(buffer.AsSpan(HeaderRoom - numbersLength));
        _sync.CopyTo(buffer.AsSpan(HeaderRoom + dataLength));
        Write(buffer.AsSpan(HeaderRoom - numbersLength, numbersLength + dataLength + SyncLength));
    }

    private void WriteHeader(string schema)
    {
        var header = new ArrayBufferWriter<byte>(schema.Length + 256);
        header.Write("Obj\u0001"u8);
        WriteLong(header, 2);
        WriteBytes(header, "avro.schema"u8);
        WriteBytes(header, Encoding.UTF8.GetBytes(schema));
        WriteBytes(header, "avro.codec"u8);
        WriteBytes(header, Encoding.UTF8.GetBytes(AvroCodecNames.NameOf(_codec)));
        WriteLong(header, 0);
        header.Write(_sync);
        Write(header.WrittenSpan);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
            _written += bytes.Length;
        }
        catch
        {
            _failed = true;
            CutBack();
            throw;
        }
    }

    private void CutBack()
    {
        try
        {
            if (_stream.CanSeek)
            {
                _stream.SetLength(_written);
            }
        }
        catch (Exception e) when (e is IOException or NotSupportedException or UnauthorizedAccessException or ArgumentException)
        {
            // Devices can't be cut. The error that matters is the one that brought us here.
        }
    }

    private static void WriteLong(ArrayBufferWriter<byte> writer, long value) =>
        writer.Advance(Varint.WriteZigZag(writer.GetSpan(Varint.MaxBytes), value));

    private static void WriteBytes(ArrayBufferWriter<byte> writer, ReadOnlySpan<byte> bytes)
    {
        WriteLong(writer, bytes.Length);
        writer.Write(bytes);
    }
}
