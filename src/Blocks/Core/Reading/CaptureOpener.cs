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
            return new StreamBytes(new SniffingStream(file.IsStandardInput ? settings.OpenStandardInput : () => OpenPipe(file.Path)));
        SafeFileHandle handle = File.OpenHandle(file.Path, options: FileOptions.SequentialScan);
        Span<byte> first = stackalloc byte[CaptureFormats.MagicBytes];
        CaptureFormat format = CaptureFormats.Recognise(first[..RandomAccess.Read(handle, first, 0)]);
        if (!format.IsCompressed())
            return new FileBytes(handle);
        return new StreamBytes(Decompression.Of(format, new FileStream(handle, FileAccess.Read, bufferSize: 0)));
    }

    private static FileStream OpenPipe(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
}
