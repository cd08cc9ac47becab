using System.Runtime.InteropServices;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>What is written of a packet before its bytes.</summary>
/// <param name="TimestampNs">Its time, nanoseconds since 1970-01-01 UTC.</param>
/// <param name="CapturedLength">Bytes of the frame that there are.</param>
/// <param name="OriginalLength">Bytes of the frame on the wire.</param>
/// <param name="LinkType">Link type (<c>LINKTYPE_</c> of tcpdump.org).</param>
internal readonly record struct PacketHead(long TimestampNs, int CapturedLength, int OriginalLength, ushort LinkType);

/// <summary>
/// Packets on their way from the captures, which are read in their own order, to the output, which is in order of time: bytes in memory up to
/// a limit and in a temporary file beyond it, 40 bytes of memory a packet.
/// </summary>
internal sealed class PacketStore(long memoryBytes = 64 * 1024 * 1024) : IDisposable
{
    private readonly List<Entry> _entries = [];
    private byte[] _buffer = new byte[64 * 1024];
    private int _used;
    private long _inFile;
    private FileStream? _file;

    public int Count => _entries.Count;

    /// <summary>The link types, in the order in which they came.</summary>
    public List<ushort> LinkTypes { get; } = [];

    public void Add(in PacketHead head, ReadOnlySpan<byte> frame)
    {
        Reserve(frame.Length);
        frame.CopyTo(_buffer.AsSpan(_used));
        _entries.Add(new Entry(head, _inFile + _used));
        _used += frame.Length;
        if (!LinkTypes.Contains(head.LinkType))
            LinkTypes.Add(head.LinkType);
    }

    /// <summary>Gives the packets to a writer, the earliest first; of the same time as they came.</summary>
    public void WriteTo(ICaptureWriter writer)
    {
        Span<Entry> entries = CollectionsMarshal.AsSpan(_entries);
        entries.Sort(static (a, b) => (a.Head.TimestampNs, a.Place).CompareTo((b.Head.TimestampNs, b.Place)));
        byte[] frame = [];
        foreach (ref readonly Entry entry in entries)
        {
            int length = entry.Head.CapturedLength;
            if (entry.Place >= _inFile)
            {
                writer.Write(entry.Head, _buffer.AsSpan((int)(entry.Place - _inFile), length));
                continue;
            }
            if (frame.Length < length)
                frame = new byte[length];
            int read = 0;
            while (read < length)
            {
                int more = RandomAccess.Read(_file!.SafeFileHandle, frame.AsSpan(read, length - read), entry.Place + read);
                if (more == 0)
                    throw new FlowPipeException($"the temporary file in {Path.GetTempPath()} has been cut by somebody; try again");
                read += more;
            }
            writer.Write(entry.Head, frame.AsSpan(0, length));
        }
    }

    public void Dispose() => _file?.Dispose();

    private void Reserve(int bytes)
    {
        if (_used + bytes <= _buffer.Length)
            return;
        if (_used + (long)bytes <= memoryBytes)
        {
            Array.Resize(ref _buffer, (int)Math.Max(_used + (long)bytes, Math.Min(_buffer.Length * 2L, memoryBytes)));
            return;
        }
        Spill();
        if (bytes > _buffer.Length)
            Array.Resize(ref _buffer, bytes);
    }

    private void Spill()
    {
        try
        {
            // What people said to one another: in a directory that all share, nobody else may read it.
            _file ??= new FileStream(
                Path.Combine(Path.GetTempPath(), $"flowpipe-extract-{Guid.NewGuid():n}"),
                SinkFile.Private(FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.DeleteOnClose)
            );
            RandomAccess.Write(_file.SafeFileHandle, _buffer.AsSpan(0, _used), _inFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException(
                $"{Path.GetTempPath()}: the packets can't be kept there until they are put in order ({e.Message}); name another folder with the variable TMPDIR",
                e
            );
        }
        _inFile += _used;
        _used = 0;
    }

    private readonly record struct Entry(PacketHead Head, long Place);
}
