namespace FlowPipe.Core.Reading;

/// <summary>
/// A stream that can't be rewound, decompressed if its first bytes say so. It is opened by the first read, as opening a pipe may wait for its writer.
/// </summary>
internal sealed class SniffingStream(Func<Stream> open) : ReadOnlyStream
{
    private Stream? _opened;

    public override int Read(Span<byte> buffer) => (_opened ??= Sniff()).Read(buffer);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _opened?.Dispose();
        base.Dispose(disposing);
    }

    private Stream Sniff()
    {
        byte[] first = new byte[CaptureFormats.MagicBytes];
        Stream inner = open();
        int length = inner.ReadAtLeast(first, first.Length, throwOnEndOfStream: false);
        PrefixedStream whole = new(first.AsMemory(0, length), inner);
        CaptureFormat format = CaptureFormats.Recognise(first.AsSpan(0, length));
        return format.IsCompressed() ? Decompression.Of(format, whole) : whole;
    }
}
