using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Digests;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>The records of a file: an Avro container, or JSON lines.</summary>
internal sealed class RawFile : RawSource
{
    private const int BufferBytes = 1 << 16;

    private readonly string _path;
    private bool _isAvro;

    public RawFile(string name)
    {
        name = RecordFile.PathOf(name);
        _path =
            name == "-" ? throw new FlowPipeException("- : stdin can be read once only; write it to a file first")
            : Directory.Exists(name) ? throw new FlowPipeException($"{name}: is a directory; name a file")
            : name;
    }

    public override string Name => _path;

    public override string Show(RecordPlace place) =>
        _isAvro ? $"{_path}: block at byte {place.Major}, record {place.Minor + 1} of it" : $"{_path}:{place.Major}";

    public override IEnumerable<RawRecord> Read(CancellationToken stop)
    {
        using FileStream stream = Open();
        int first = stream.ReadByte();
        if (first < 0)
            return [];
        stream.Position = 0;
        _isAvro = first == 'O';
        return _isAvro || "{ \t\r\n"u8.Contains((byte)first)
            ? ReadAll(stop)
            : throw new FlowPipeException($"{_path} begins neither as an Avro container nor as lines of JSON");
    }

    private FileStream Open()
    {
        try
        {
            return new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlowPipeException($"{_path}: it can't be read: {e.Message}", e);
        }
    }

    private IEnumerable<RawRecord> ReadAll(CancellationToken stop)
    {
        using FileStream stream = Open();
        foreach (RawRecord record in _isAvro ? ReadAvro(stream) : ReadLines(stream))
        {
            stop.ThrowIfCancellationRequested();
            yield return record;
        }
    }

    private IEnumerable<RawRecord> ReadLines(FileStream stream)
    {
        var lines = new NdjsonReader(stream, _path);
        ReadOnlyMemory<byte> document = default;
        while (Try(() => lines.TryRead(out document) ? "more" : "", out string? fault) is not "")
        {
            if (fault is not null)
                throw new FlowPipeException($"{_path}: {fault}");
            yield return OfJson(document, new RecordPlace(lines.Line, 0));
        }
    }

    private IEnumerable<RawRecord> ReadAvro(FileStream stream)
    {
        using AvroContainerReader? reader = Try(() => new AvroContainerReader(stream), out string? fault);
        AvroContent? content = reader is null ? null : Try(() => new AvroContent(reader.Schema), out fault);
        if (content is null)
            throw new FlowPipeException($"{_path}: {fault}");
        Schema = reader!.Schema;
        AvroBlock block = default;
        while (Try(() => reader.TryRead(out block) ? "more" : "", out fault) is { Length: > 0 })
        {
            int at = 0;
            long i = 0;
            while (i < block.Count)
            {
                var record = new RawRecord { Place = new RecordPlace(block.Offset, i) };
                record = OfAvro(content, block.Data[at..], record, out int length);
                if (length == 0)
                {
                    yield return record with
                    {
                        Fault = $"{record.Fault}; it and what follows in its block, {block.Count - i} records, can't be read",
                    };
                    break;
                }
                at += length;
                i++;
                yield return record;
            }
            if (i == block.Count && at < block.Data.Length)
            {
                string rest = $"{block.Data.Length - at} bytes follow the {block.Count} records of the block";
                yield return new RawRecord { Place = new RecordPlace(block.Offset, i), Fault = rest };
            }
        }
        if (fault is not null)
            yield return new RawRecord
            {
                Place = new RecordPlace(stream.Position, 0),
                Fault = $"{fault}; the rest of the file can't be read",
            };
    }

    /// <summary>The first record of some bytes, or what is wrong with it; then its length is 0.</summary>
    internal static RawRecord OfAvro(AvroContent content, ReadOnlyMemory<byte> data, RawRecord record, out int length)
    {
        length = 0;
        try
        {
            length = content.Find(data.Span, out Guid id, out Range uris);
            if (length == 0)
                return record with { Fault = "a record without a byte" };
            return record with
            {
                Id = id,
                Encoding = RecordEncoding.Avro,
                Content = data[..length],
                Uris = uris,
                Fault = id == default ? "it has no id" : null,
            };
        }
        catch (InvalidDataException e)
        {
            return record with { Fault = e.Message };
        }
    }

    /// <summary>A document, or what is wrong with it.</summary>
    internal static RawRecord OfJson(ReadOnlyMemory<byte> document, RecordPlace place)
    {
        try
        {
            JsonContent.Find(document.Span, out Guid id, out Range uris);
            return new RawRecord
            {
                Id = id,
                Encoding = RecordEncoding.Json,
                Content = document,
                Uris = uris,
                Place = place,
                Fault = id == default ? "it has no id (flowpipe.id)" : null,
            };
        }
        catch (InvalidDataException e)
        {
            return new RawRecord { Place = place, Fault = e.Message };
        }
    }

    private static T? Try<T>(Func<T> read, out string? fault)
        where T : class
    {
        fault = null;
        try
        {
            return read();
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            fault = e.Message;
            return null;
        }
    }
}
