namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// How much of libpcap's buffer is taken, which it does not tell. The kernel fills it block by block and closes a block when it is full, or after the time
/// limit whatever is in it. So what waits takes as many blocks as its bytes do (the packets that have been put in less those that were taken out, at what
/// packets lately took) or, where little comes, as time limits have passed since the oldest came.
/// </summary>
/// <param name="bytes">The buffer's.</param>
/// <param name="timeoutMilliseconds">After which a block is closed.</param>
internal sealed class PcapBuffer(int bytes, int timeoutMilliseconds)
{
    private const int BlockBytes = 262_144; // libpcap's longest snap length
    private const int FrameBytes = 96; // what stands before a packet there: tpacket3_hdr, sockaddr_ll, margin
    private const int Lately = 4_096; // packets
    private readonly long _blocks = Math.Max(1, bytes / BlockBytes);
    private uint _taken;
    private long _lateBytes;
    private long _latePackets;

    /// <summary>Nothing waits, and so much has been counted.</summary>
    public void Empty(uint received, uint dropped) => _taken = unchecked(received - dropped);

    /// <summary>A packet has been taken out.</summary>
    public void Take(int captured)
    {
        unchecked
        {
            _taken++;
        }
        _lateBytes += FrameBytes + captured;
        if (++_latePackets < Lately)
            return;
        _lateBytes /= 2;
        _latePackets /= 2;
    }

    /// <summary>How much is taken, 0 to 100.</summary>
    /// <param name="received">The kernel's count of packets, those included that it dropped; of 32 bits, which may have overflowed.</param>
    /// <param name="dropped">Those that it dropped.</param>
    /// <param name="waitedNs">For how long the packet that was taken last had waited.</param>
    public int OccupiedPercent(uint received, uint dropped, long waitedNs)
    {
        long waiting = unchecked((int)(received - dropped - _taken));
        if (waiting <= 0 || _latePackets == 0)
            return 0;
        long blocks = Math.Max(waiting * (_lateBytes / _latePackets) / BlockBytes, waitedNs / 1_000_000 / timeoutMilliseconds);
        return (int)Math.Clamp(blocks * 100 / _blocks, 0, 100);
    }
}
