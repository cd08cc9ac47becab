using FlowPipe.Core.Messages;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting;

/// <summary>Writes records to an Avro object container file. A record counts as delivered once its block is in the file.</summary>
public sealed class AvroFileSink : ISpiSink
{
    private readonly string _path;
    private readonly string _schema;
    private readonly AvroCodec _codec;
    private readonly Func<Stream> _open;
    private Stream? _stream;
    private AvroContainerWriter? _writer;
    private bool _failed;

    /// <param name="path">The file; it is emptied when it exists.</param>
    /// <param name="schema">The records' schema as JSON.</param>
    /// <param name="codec">Compresses the blocks.</param>
    public AvroFileSink(string path, string schema, AvroCodec codec = AvroCodec.Null)
        : this(path, schema, codec, () => SinkFile.Create(path)) { }

    internal AvroFileSink(string path, string schema, AvroCodec codec, Func<Stream> open)
    {
        _path = path;
        _schema = schema;
        _codec = codec;
        _open = open;
    }

    public string Name => $"avro:{_path}";

    public bool WantsAvro => true;

    public bool WantsJson => false;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop)
    {
        _stream = _open();
        try
        {
            _writer = new AvroContainerWriter(_stream, _schema, _codec);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            _failed = true;
            throw SinkFile.WriteFailed(_path, 0, e);
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(SpiBatch batch)
    {
        AvroContainerWriter writer = _writer ?? throw new InvalidOperationException($"{Name} is not open");
        Counts.Accept(batch.Count);
        try
        {
            foreach (SpiRecord record in batch.Records)
            {
                writer.Append(batch.AvroOf(record));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw Fail(e);
        }

        CountWritten();
        return ValueTask.CompletedTask;
    }

    // Its records are where they should be once their block is, which nobody else ends before it is full.
    public async ValueTask<bool> SettleAsync(Func<bool> isOver)
    {
        await FlushAsync(CancellationToken.None);
        return true;
    }

    public ValueTask FlushAsync(CancellationToken deadline)
    {
        if (_writer is not null && !_failed)
        {
            try
            {
                _writer.FlushBlock();
                _stream!.Flush();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
            {
                throw Fail(e);
            }

            CountWritten();
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _writer?.Dispose();
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
    }

    private void CountWritten()
    {
        long records = _writer!.RecordsWritten - Counts.Delivered;
        if (records > 0)
        {
            Counts.Deliver(records, _writer.RecordBytesWritten - Counts.Bytes);
        }
    }

    private FlowPipeException Fail(Exception cause)
    {
        _failed = true;
        CountWritten();
        Counts.Fail(Counts.Open);
        return SinkFile.WriteFailed(_path, Counts.Delivered, cause);
    }
}
