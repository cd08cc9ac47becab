namespace FlowPipe.Core.Consuming;

/// <summary>Reads documents that stand one a line; empty lines are passed over, and the last may lack its end. Not safe for several threads.</summary>
public sealed class NdjsonReader
{
    /// <summary>Bytes that a line may have.</summary>
    public const int LineLengthMax = 16 * 1024 * 1024;

    private readonly Stream _stream;
    private readonly string _name;
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;
    private bool _atEnd;

    /// <param name="stream">It is not disposed of.</param>
    /// <param name="name">The file's name, for messages.</param>
    public NdjsonReader(Stream stream, string name)
    {
        _stream = stream;
        _name = name;
    }

    /// <summary>Lines read, empty ones too.</summary>
    public long Line { get; private set; }

    /// <summary>Reads the next document.</summary>
    /// <param name="document">Valid until the next call.</param>
    /// <returns>False at the end.</returns>
    /// <exception cref="FlowPipeException">A line is longer than <see cref="LineLengthMax"/>.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> document)
    {
        while (TryReadLine(out document))
        {
            if (document.Span.ContainsAnyExcept(" \t\r"u8))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        int searched = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0 || (_atEnd && _end > _start))
            {
                length = length >= 0 ? searched + length : _end - _start;
                line = _buffer.AsMemory(_start, length);
                _start = Math.Min(_start + length + 1, _end);
                Line++;
                return true;
            }

            if (_atEnd)
            {
                line = default;
                return false;
            }

            searched = _end - _start;
            Refill();
        }
    }

    private void Refill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_end >= LineLengthMax)
            {
                throw new FlowPipeException(
                    $"{_name}: line {Line + 1} is longer than {LineLengthMax} bytes; is this a file of JSON lines?"
                );
            }

            Array.Resize(ref _buffer, Math.Min(2 * _buffer.Length, LineLengthMax));
        }

        int read = _stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _atEnd = read == 0;
    }
}
