using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Writes one JSON document a line, to a file or to standard output. A batch is one write, so a reader of the pipe sees records as soon as
/// they are made, and never half a batch late.
/// </summary>
public sealed class NdjsonSink : ISpiSink
{
    private readonly string _path;
    private readonly Func<Stream> _open;
    private byte[] _lines = new byte[64 * 1024];
    private Stream? _stream;
    private long _written;
    private bool _failed;

    /// <param name="path">The file, emptied when it exists; <c>-</c> is standard output.</param>
    public NdjsonSink(string path)
        : this(path, () => path == "-" ? SinkFile.StandardOutput() : SinkFile.Create(path)) { }

    internal NdjsonSink(string path, Func<Stream> open)
    {
        _path = path;
        _open = open;
    }

    public string Name => $"ndjson:{_path}";

    public bool WantsAvro => false;

    public bool WantsJson => true;

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop)
    {
        _stream = _open();
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(SpiBatch batch)
    {
        Stream stream = _stream ?? throw new InvalidOperationException($"{Name} is not open");
        Counts.Accept(batch.Count);
        if (_failed)
        {
            // Half a line may be out there: nothing may follow it.
            Counts.Fail(batch.Count);
            throw new FlowPipeException($"{FileName}: an earlier write failed");
        }

        int needed = batch.JsonLength + batch.Count;
        if (_lines.Length < needed)
        {
            _lines = new byte[Math.Max(needed, 2 * _lines.Length)];
        }

        int length = 0;
        foreach (SpiRecord record in batch.Records)
        {
            ReadOnlySpan<byte> document = batch.JsonOf(record);
            document.CopyTo(_lines.AsSpan(length));
            length += document.Length;
            _lines[length++] = (byte)'\n';
        }

        try
        {
            stream.Write(_lines.AsSpan(0, length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            _failed = true;
            KeepWholeLines(stream, _lines.AsSpan(0, length));
            Counts.Fail(Counts.Open);
            throw SinkFile.WriteFailed(FileName, Counts.Delivered, e);
        }

        _written += length;
        Counts.Deliver(batch.Count, length - batch.Count);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken deadline) => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
        {
            await _stream.DisposeAsync();
        }
    }

    private string FileName => _path == "-" ? "standard output" : _path;

    /// <summary>After a write that failed midway: what of it is in the file in whole lines stays and counts, the rest is cut off.</summary>
    private void KeepWholeLines(Stream stream, ReadOnlySpan<byte> lines)
    {
        try
        {
            if (!stream.CanSeek)
            {
                return;
            }

            long inFile = Math.Clamp(stream.Length - _written, 0, lines.Length);
            ReadOnlySpan<byte> whole = lines[..(lines[..(int)inFile].LastIndexOf((byte)'\n') + 1)];
            stream.SetLength(_written + whole.Length);
            int records = whole.Count((byte)'\n');
            Counts.Deliver(records, whole.Length - records);
        }
        catch (Exception e) when (e is IOException or NotSupportedException or UnauthorizedAccessException or ArgumentException)
        {
            // Devices can't be cut. The error that matters is the one that brought us here.
        }
    }
}
