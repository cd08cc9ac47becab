using Microsoft.Win32.SafeHandles;

namespace FlowPipe.Core.Reading;

/// <summary>Opens inputs, and takes compressions off.</summary>
internal static class CaptureOpener
{
    /// <summary>The input's bytes, decompressed.</summary>
    /// <exception cref="IOException">It can't be opened.</exception>
    public static ByteSource Open(CaptureFile file, FileReaderSettings settings)
    {
        if (!file.IsRegular)
            return OpenStream(file.IsStandardInput ? settings.OpenStandardInput() : OpenUnbuffered(file.Path));
        SafeFileHandle handle = File.OpenHandle(file.Path, options: FileOptions.SequentialScan);
        Span<byte> first = stackalloc byte[CaptureFormats.MagicBytes];
        CaptureFormat format = CaptureFormats.Recognise(first[..RandomAccess.Read(handle, first, 0)]);
        if (!format.IsCompressed())
            return new FileBytes(handle);
        return new StreamBytes(Decompression.Of(format, new FileStream(handle, FileAccess.Read, bufferSize: 0)));
    }

    /// <summary>A stream's first bytes are looked at by the thread that may wait for them, when it first fills a block.</summary>
    private static StreamBytes OpenStream(Stream stream) => new(new SniffingStream(stream));

    private static FileStream OpenUnbuffered(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
