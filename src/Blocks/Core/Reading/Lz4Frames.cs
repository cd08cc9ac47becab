using K4os.Compression.LZ4.Streams;

namespace FlowPipe.Core.Reading;

/// <summary>
/// The contents of all LZ4 frames of a file, one after the other. The decoder says 0 at the end of each frame as it does at the end of the file:
/// it is the file's if nothing was read to find it.
/// </summary>
internal sealed class Lz4Frames : ReadOnlyStream
{
    private readonly CountedStream _compressed;
    private readonly LZ4DecoderStream _frames;

    public Lz4Frames(Stream compressed)
    {
        _compressed = new CountedStream(compressed);
        _frames = LZ4Stream.Decode(_compressed, interactive: true);
    }

    public override int Read(Span<byte> buffer)
    {
        while (true)
        {
            long before = _compressed.Count;
            int read = _frames.Read(buffer);
            if (read > 0 || buffer.IsEmpty || _compressed.Count == before)
                return read;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _frames.Dispose();
        base.Dispose(disposing);
    }

    private sealed class CountedStream(Stream stream) : ReadOnlyStream
    {
        public long Count { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            int read = stream.Read(buffer);
            Count += read;
            return read;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
