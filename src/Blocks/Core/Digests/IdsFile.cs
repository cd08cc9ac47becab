using System.Text;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Core.Digests;

/// <summary>
/// Writes the list of a run's records beside its manifest: a line that names the columns, then a line for each record, in no order:
/// <code>
/// #flowpipe-ids id avro json
/// 0b8f0e9c-… 64 hexadecimal digits 64 hexadecimal digits
/// </code>
/// </summary>
internal sealed class IdsWriter(string path, bool avro, bool json) : IDisposable
{
    private const int BufferBytes = 64 * 1024;
    private const int LineBytes = 36 + (2 * (1 + (2 * DigestSum.Length))) + 1;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _length;
    private long _records;
    private FileStream? _stream;

    public void Open()
    {
        _stream = SinkFile.Create(path);
        _length = Encoding.UTF8.GetBytes($"{IdsReader.Head} id{(avro ? " avro" : "")}{(json ? " json" : "")}\n", _buffer);
    }

    public void Write(Guid id, ReadOnlySpan<byte> digests)
    {
        if (_buffer.Length - _length < LineBytes)
            Flush();
        id.TryFormat(_buffer.AsSpan(_length), out int written);
        _length += written;
        for (int i = 0; i < digests.Length; i += DigestSum.Length)
        {
            _buffer[_length++] = (byte)' ';
            Convert.TryToHexStringLower(digests.Slice(i, DigestSum.Length), _buffer.AsSpan(_length), out written);
            _length += written;
        }
        _buffer[_length++] = (byte)'\n';
        _records++;
    }

    public void Flush()
    {
        if (_stream is null || _length == 0)
            return;
        try
        {
            _stream.Write(_buffer.AsSpan(0, _length));
            _length = 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw SinkFile.WriteFailed(path, _records, e);
        }
    }

    public void Dispose() => _stream?.Dispose();
}

/// <summary>Reads the list of a run's records.</summary>
public sealed class IdsReader : IDisposable
{
    internal const string Head = "#flowpipe-ids";

    private readonly FileStream _stream;
    private readonly NdjsonReader _lines;
    private readonly string _path;
    private readonly int _column;
    private readonly byte[] _digest = new byte[DigestSum.Length];

    /// <param name="path">The list.</param>
    /// <param name="encoding">Whose digests are wanted.</param>
    /// <exception cref="FlowPipeException">It can't be read, is no such list, or lacks that encoding.</exception>
    public IdsReader(string path, RecordEncoding encoding)
    {
        _path = path;
        try
        {
            _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlowPipeException($"{path}: it can't be read: {e.Message}", e);
        }

        _lines = new NdjsonReader(_stream, path);
        string[] columns = _lines.TryRead(out ReadOnlyMemory<byte> head) ? Encoding.UTF8.GetString(head.Span).Split(' ') : [];
        _column = Array.IndexOf(columns, encoding == RecordEncoding.Avro ? "avro" : "json") - 1;
        if (columns is [Head, "id", ..] && _column >= 1)
            return;
        _stream.Dispose();
        throw new FlowPipeException(
            columns is [Head, "id", ..]
                ? $"{path}: it has no digests of the records' {encoding} form"
                : $"{path}: it is no list of ids; 'flowpipe replay --manifest FILE --manifest-ids FILE' writes one"
        );
    }

    /// <summary>Reads the next record's line.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="digest">Its digest; valid until the next call.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="FlowPipeException">The line is damaged.</exception>
    public bool TryRead(out Guid id, out ReadOnlySpan<byte> digest)
    {
        const int IdLength = 36;
        const int Width = (2 * DigestSum.Length) + 1;
        id = default;
        digest = default;
        if (!_lines.TryRead(out ReadOnlyMemory<byte> line))
            return false;
        int at = IdLength + ((_column - 1) * Width) + 1;
        ReadOnlySpan<byte> text = line.Span;
        if (
            text.Length < at + (2 * DigestSum.Length)
            || !Guid.TryParseExact(Encoding.ASCII.GetString(text[..IdLength]), "D", out id)
            || Convert.FromHexString(text.Slice(at, 2 * DigestSum.Length), _digest, out _, out int written)
                != System.Buffers.OperationStatus.Done
            || written != DigestSum.Length
        )
            throw new FlowPipeException($"{_path}:{_lines.Line}: it is not an id and its digests: the list is damaged");
        digest = _digest;
        return true;
    }

    public void Dispose() => _stream.Dispose();
}
