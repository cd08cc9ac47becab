using FlowPipe.Core.Emitting;
using ZstdSharp;

namespace FlowPipe.Core.Writing;

/// <summary>A file on disk that is being written, piece by piece. What fails can be tried again: pieces go to fixed places.</summary>
internal sealed class PcapOutput(PcapFile file, Compressor? zstd) : IDisposable
{
    private readonly List<ZstdFrame> _frames = [];
    private FileStream? _stream;
    private byte[] _compressed = [];

    public PcapFile File => file;

    /// <summary>Bytes on disk.</summary>
    public long Length { get; private set; }

    /// <summary>Bytes before compression.</summary>
    public long Decompressed { get; private set; }

    public long Packets { get; private set; }

    /// <summary>Time of the first packet; 0 before there is one.</summary>
    public long FirstNs { get; private set; }

    public long LastNs { get; private set; }

    /// <summary>Writes the file's next piece.</summary>
    /// <exception cref="IOException">The disk refuses; nothing counts as written.</exception>
    /// <exception cref="UnauthorizedAccessException">The same, for want of rights.</exception>
    public void Write(PcapBuffer buffer)
    {
        Open();
        ReadOnlySpan<byte> bytes = buffer.Bytes.AsSpan(0, buffer.Length);
        if (zstd is not null && bytes.Length > 0)
        {
            int bound = Compressor.GetCompressBound(bytes.Length);
            if (_compressed.Length < bound)
                _compressed = new byte[bound];
            int length = zstd.Wrap(bytes, _compressed);
            RandomAccess.Write(_stream!.SafeFileHandle, _compressed.AsSpan(0, length), Length);
            _frames.Add(new ZstdFrame(length, bytes.Length));
            Length += length;
        }
        else
        {
            RandomAccess.Write(_stream!.SafeFileHandle, bytes, Length);
            Length += bytes.Length;
        }
        Decompressed += bytes.Length;
        if (buffer.Packets == 0)
            return;
        if (Packets == 0)
            FirstNs = buffer.FirstNs;
        LastNs = buffer.LastNs;
        Packets += buffer.Packets;
    }

    /// <summary>Ends the file.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Close()
    {
        if (zstd is not null)
        {
            Open();
            byte[] table = ZstdSeekTable.Write(_frames);
            RandomAccess.Write(_stream!.SafeFileHandle, table, Length);
            Length += table.Length;
        }
        Dispose();
    }

    /// <summary>Ends it where it last was whole: half a packet would spoil it.</summary>
    public void Abandon()
    {
        try
        {
            if (_stream is not null)
                RandomAccess.SetLength(_stream.SafeFileHandle, Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The disk that refuses: readers of captures stand a packet that is cut.
        }
        Dispose();
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _stream = null;
    }

    // A file that is removed while it is open takes bytes as before, and nobody would ever find them.
    private void Open()
    {
        if (_stream is not null && System.IO.File.Exists(file.FullName))
            return;
        bool isNew = Length == 0;
        Dispose();
        if (!isNew && !System.IO.File.Exists(file.FullName))
            throw new IOException("it was removed, or its disk was taken away");
        if (isNew)
            Directory.CreateDirectory(Path.GetDirectoryName(file.FullName)!);
        _stream = new FileStream(
            file.FullName,
            SinkFile.Private(isNew ? FileMode.Create : FileMode.Open, FileAccess.Write, FileShare.Read)
        );
        if (_stream.Length >= Length)
            return;
        Dispose(); // else the next try would take it for open
        throw new IOException("it has become shorter");
    }
}
