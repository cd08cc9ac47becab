namespace FlowPipe.Core.Reading;

/// <summary>Bytes that were read ahead, and then the stream they came from.</summary>
/// <param name="prefix">What was read ahead.</param>
/// <param name="rest">What follows it.</param>
/// <param name="wholeReads">Whether a read waits for all that is asked for: the xz decoder takes fewer bytes for the end.</param>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest, bool wholeReads = false) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _prefix = prefix;
    private long _position;

    /// <summary>Bytes read so far: xz pads by it.</summary>
    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override int Read(Span<byte> buffer)
    {
        int length = Math.Min(_prefix.Length, buffer.Length);
        _prefix.Span[..length].CopyTo(buffer);
        _prefix = _prefix[length..];
        if (wholeReads)
            length += rest.ReadAtLeast(buffer[length..], buffer.Length - length, throwOnEndOfStream: false);
        else if (length == 0)
            length = rest.Read(buffer);
        _position += length;
        return length;
    }

    public override int ReadByte()
    {
        Span<byte> one = stackalloc byte[1];
        return Read(one) == 1 ? one[0] : -1;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            rest.Dispose();
        base.Dispose(disposing);
    }
}
