using FlowPipe.Abstractions;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// A block of the kernel's ring, as <c>linux/if_packet.h</c> lays it out. The kernel fills it and gives it to us by its status; the last slice of its
/// packets gives it back.
/// <code>
///   0                   4                   8                   12
///   |      version      |  to private part  |      status       |  packets in it    |
///   |  to first packet  |   bytes used      |        number of the block (8)        |
///   |            time of its first packet (8), of its last (8)  …                   |
/// </code>
/// </summary>
internal sealed unsafe class RingBlock : PacketBlock
{
    private const int StatusAt = 8;
    private const int PacketsAt = 12;
    private const int FirstAt = 16;
    private const int UsedAt = 20;
    private const uint StatusKernel = 0;
    private const uint StatusUser = 1;
    private int _isLent;

    public RingBlock(byte* start, int length)
    {
        Start = start;
        Length = length;
    }

    /// <summary>Where it lies, for who scans it.</summary>
    public byte* First => Start;

    /// <summary>Whether it is ours: the kernel can't fill it until it is back.</summary>
    public bool IsLent => Volatile.Read(ref _isLent) != 0;

    /// <summary>Whether the kernel is done with it, and it has not been taken.</summary>
    public bool Waits => !IsLent && (Volatile.Read(ref *(uint*)(Start + StatusAt)) & StatusUser) != 0;

    /// <summary>Packets in it.</summary>
    public int Packets => *(int*)(Start + PacketsAt);

    /// <summary>Offset of the first one's header.</summary>
    public int FirstOffset => *(int*)(Start + FirstAt);

    /// <summary>Bytes that its packets take.</summary>
    public int Used => *(int*)(Start + UsedAt);

    /// <summary>Takes it from the kernel, if the kernel is done with it.</summary>
    public bool TryTake()
    {
        // the status is written last by the kernel: what the rest says must not be read before it
        if (!Waits)
            return false;
        Volatile.Write(ref _isLent, 1);
        Lend(1);
        return true;
    }

    protected override void Recycle()
    {
        // The kernel's first, then free: the other way round the reader could meet it between the two, as one that the kernel has just filled.
        Volatile.Write(ref *(uint*)(Start + StatusAt), StatusKernel);
        Volatile.Write(ref _isLent, 0);
    }
}
