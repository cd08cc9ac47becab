using System.IO.Compression;

namespace FlowPipe.Core.Reading;

/// <summary>
/// What a gzip file holds. The framework's stream forgets what it has put into a buffer when it then meets damage, so it is given small ones: no more
/// than that is lost. Its message for a wrong checksum speaks of an unsupported method.
/// </summary>
internal sealed class GzipContents(Stream compressed) : ReadOnlyStream
{
    private const int MostLost = 1_024;

    private readonly GZipStream _gzip = new(compressed, CompressionMode.Decompress);

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return _gzip.Read(buffer[..Math.Min(buffer.Length, MostLost)]);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("the gzip data or its checksum is damaged", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _gzip.Dispose();
        base.Dispose(disposing);
    }
}
