using FlowPipe.Abstractions;

namespace FlowPipe.Core.Writing;

/// <summary>
/// One partition's end of the writer: it copies packets into its open buffer, so that the place of each is known before the disk has seen it, and hands
/// full buffers on. A file has one link type, so there is a file for each that the partition meets, nearly always one.
/// </summary>
internal sealed class PcapAppender(PcapFolders folders, PcapBufferPool pool, WriterSettings settings)
{
    private readonly List<OpenFile> _open = [];
    private readonly Queue<PcapBuffer> _ready = new();
    private readonly long _maxFileNs = settings.MaxFileTimeM * 60_000_000_000L;

    /// <summary>Counts hand-overs, from 1: packets that are appended now are written when this generation is.</summary>
    public long Generation { get; private set; } = 1;

    /// <summary>Packets appended.</summary>
    public long Packets { get; private set; }

    /// <summary>Whether buffers wait to be taken; before the next packet they should be.</summary>
    public bool HasReady => _ready.Count > 0;

    /// <summary>Whether packets are kept now: in a capture not while the disk is behind or refuses.</summary>
    public bool IsBehind => settings.IsLive && pool.Lent > settings.MaxWriteBuffers;

    /// <summary>Appends a packet.</summary>
    /// <param name="linkType">Its link type.</param>
    /// <param name="timestampNs">Its own time.</param>
    /// <param name="nowNs">Packet time, by which files end.</param>
    /// <param name="frame">Its bytes.</param>
    /// <param name="original">Bytes of it on the wire.</param>
    /// <param name="file">Where it is.</param>
    /// <param name="offset">Where its record begins there.</param>
    /// <returns>False when no disk takes it.</returns>
    public bool TryAppend(
        ushort linkType,
        long timestampNs,
        long nowNs,
        ReadOnlySpan<byte> frame,
        int original,
        out PacketSource file,
        out long offset
    )
    {
        file = null!;
        offset = 0;
        int length = PcapLayout.RecordHeaderLength + frame.Length;
        OpenFile open = OpenOf(linkType);
        if (open.File is null || open.File.IsLost || open.Length + length > settings.MaxFileSize || IsOver(open, nowNs))
        {
            End(open);
            if (settings.IsLive && !folders.AnyIsHealthy)
                return false;
            if (folders.Next(linkType) is not { } next)
                return false;
            Begin(open, next, nowNs);
        }
        if (open.Buffer is { } full && full.Bytes.Length - full.Length < length)
            HandOver();
        PcapBuffer buffer = open.Buffer ??= TakeBuffer(open);
        Span<byte> room = buffer.Bytes.AsSpan(buffer.Length, length);
        PcapLayout.WriteRecordHeader(room, timestampNs, frame.Length, original);
        frame.CopyTo(room[PcapLayout.RecordHeaderLength..]);
        if (buffer.Packets++ == 0)
            buffer.FirstNs = timestampNs;
        buffer.LastNs = timestampNs;
        buffer.Length += length;
        file = open.File!.Source;
        offset = open.Length;
        open.Length += length;
        Packets++;
        return true;
    }

    /// <summary>Makes what is open ready to be written.</summary>
    public void HandOver()
    {
        PcapBuffer? last = null;
        foreach (OpenFile open in _open)
        {
            if (open.Buffer is not { } buffer)
                continue;
            _ready.Enqueue(last = buffer);
            open.Buffer = null;
        }
        if (last is null)
            return;
        last.EndsGeneration = true;
        Generation++;
    }

    /// <summary>Time passes: files that have been open long enough end, though no packet comes.</summary>
    public void Advance(long clockNs)
    {
        foreach (OpenFile open in _open)
        {
            if (open.File is not null && IsOver(open, clockNs))
                End(open);
        }
    }

    /// <summary>The next buffer for the writer.</summary>
    public bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PcapBuffer? buffer) => _ready.TryDequeue(out buffer);

    private bool IsOver(OpenFile open, long nowNs) => _maxFileNs > 0 && nowNs - open.BeganNs >= _maxFileNs;

    private OpenFile OpenOf(ushort linkType)
    {
        foreach (OpenFile open in _open)
        {
            if (open.LinkType == linkType)
                return open;
        }
        var made = new OpenFile(linkType);
        _open.Add(made);
        return made;
    }

    private void Begin(OpenFile open, PcapFile file, long nowNs)
    {
        open.File = file;
        open.BeganNs = nowNs;
        open.Length = 0;
        PcapBuffer buffer = open.Buffer = TakeBuffer(open);
        PcapLayout.WriteFileHeader(buffer.Bytes, open.LinkType);
        buffer.Length = PcapLayout.FileHeaderLength;
        open.Length = buffer.Length;
    }

    private void End(OpenFile open)
    {
        if (open.File is null)
            return;
        PcapBuffer buffer = open.Buffer ??= TakeBuffer(open);
        buffer.EndsFile = true;
        HandOver();
        open.File = null;
    }

    private PcapBuffer TakeBuffer(OpenFile open)
    {
        PcapBuffer buffer = pool.Take();
        buffer.File = open.File!;
        buffer.Generation = Generation;
        return buffer;
    }

    private sealed class OpenFile(ushort linkType)
    {
        public ushort LinkType => linkType;
        public PcapFile? File;
        public PcapBuffer? Buffer;
        public long Length;
        public long BeganNs;
    }
}
