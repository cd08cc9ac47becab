using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Core.Enqueue.Fragments;

/// <summary>
/// The datagrams of which some fragments have come, oldest first. Limited in number (<c>maxFrags</c>), bytes (<c>defragMemcap</c>) and packet
/// time (<c>fragsTimeout</c>, by the clock of DESIGN law 2); what is given up makes room for what is new. It belongs to enqueue, so its
/// decisions depend on the order of packets alone.
/// </summary>
internal sealed class FragmentTable
{
    /// <summary>Packets of one datagram: 64 KiB in pieces of an Ethernet frame take 45.</summary>
    public const int MaxPackets = 256;

    private const int MaxDatagram = 65_535;
    private const int DatagramCost = 512; // what a datagram and each of its packets take besides their bytes, roughly
    private const int PacketCost = 128;
    private const int SpareLimit = 1_024;

    private readonly BytePool _bytes = new();
    private readonly Dictionary<FragmentKey, FragmentedDatagram> _datagrams;
    private readonly Stack<FragmentedDatagram> _spare = new();
    private readonly Tracking _tracking;
    private readonly long[] _verdicts;
    private readonly int _maxDatagrams;
    private readonly long _maxBytes;
    private readonly long _timeoutNs;
    private FragmentedDatagram? _oldest;
    private FragmentedDatagram? _newest;
    private int _packets;

    /// <param name="settings">The limits.</param>
    /// <param name="tracking">What tells networks apart.</param>
    /// <param name="verdicts">Counters by <see cref="PacketRc"/>: held packets are counted anew here when they are given up or come to a session.</param>
    public FragmentTable(SessionSettings settings, in Tracking tracking, long[] verdicts)
    {
        _tracking = tracking;
        _verdicts = verdicts;
        _maxDatagrams = settings.MaxFrags;
        _maxBytes = settings.DefragMemcap;
        _timeoutNs = settings.FragsTimeout * 1_000_000_000L;
        _datagrams = new Dictionary<FragmentKey, FragmentedDatagram>(new FragmentKeyComparer(tracking.Salt));
    }

    /// <summary>Whether packets are kept as they came, for they are to be written once they have a session.</summary>
    public bool KeepsPackets { get; set; }

    /// <summary>Datagrams held.</summary>
    public int Count => _datagrams.Count;

    /// <summary>The number of the source of the oldest packet held; the largest number there is when none is.</summary>
    public int OldestSource => _oldest?.Packets[0].Source.Number ?? int.MaxValue;

    /// <summary>Bytes that they take.</summary>
    public long Bytes => _bytes.Lent + ((long)DatagramCost * Count) + ((long)PacketCost * _packets);

    /// <summary>Takes a fragment.</summary>
    /// <param name="fragment">What its header says.</param>
    /// <param name="packet">Its packet; when the datagram is whole, its frame becomes the datagram.</param>
    /// <param name="frame">The frame it is in.</param>
    /// <param name="batch">The batch it is in.</param>
    /// <param name="whole">The frame of the whole datagram: all before its IP header as in this packet, and the header of an unfragmented one.</param>
    /// <returns><see cref="PacketRc.DoProcess"/> when the datagram is whole.</returns>
    public PacketRc Add(
        in IpFragment fragment,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        PacketBatch batch,
        out ReadOnlySpan<byte> whole
    )
    {
        whole = default;
        Expire(packet.ClockNs);
        // All but the last must end on eight bytes; a length beyond what IP has is an attack (ping of death).
        int length = fragment.End - fragment.Start;
        if (length <= 0 || (fragment.More && length % 8 != 0) || HeaderBytes(in fragment, frame) + fragment.End > MaxDatagram)
            return PacketRc.Corrupt;

        FragmentKey key = FragmentKey.Of(in fragment, in packet, frame, in _tracking);
        long nowNs = Math.Max(packet.ClockNs, packet.TimestampNs);
        if (_datagrams.TryGetValue(key, out FragmentedDatagram? datagram) && datagram.DeadlineNs < nowNs)
        {
            GiveUp(datagram, PacketRc.FragmentExpired);
            datagram = null;
        }
        if (datagram is not null && !datagram.Fits(fragment.End, fragment.More))
            return PacketRc.Corrupt;
        int arrived = batch.PacketsOf(in packet);
        if ((datagram?.Packets.Length ?? 0) + arrived > MaxPackets)
        {
            if (datagram is not null)
                GiveUp(datagram, PacketRc.FragmentDropped);
            return PacketRc.FragmentDropped;
        }
        datagram ??= Begin(in key, nowNs);
        ReadOnlySpan<byte> data = frame[Math.Min(fragment.DataOffset, frame.Length)..];
        data = data[..Math.Min(length, data.Length)];
        if (!MakeRoom(datagram, data.Length + (PacketCost * arrived) + (KeepsPackets ? BytesOf(in packet, batch) : 0)))
        {
            GiveUp(datagram, PacketRc.FragmentDropped);
            return PacketRc.FragmentDropped;
        }
        datagram.Add(_bytes, fragment.Start, fragment.End, fragment.More, data);
        if (fragment.Start == 0)
            datagram.NextHeader = fragment.Protocol;
        AddPackets(datagram, in packet, batch);
        _packets += arrived;
        if (!datagram.IsWhole)
            return PacketRc.Held;

        // Those before were counted as held; with this one they are now whatever becomes of the datagram.
        _verdicts[(int)PacketRc.Held] -= datagram.Packets.Length - arrived;
        PacketRc verdict = Reassemble(in fragment, ref packet, frame, batch, datagram, out whole);
        if (verdict != PacketRc.DoProcess)
            _verdicts[(int)verdict] += datagram.Packets.Length - arrived;
        Remove(datagram);
        return verdict;
    }

    /// <summary>Gives up all, because the run or its clock ends here.</summary>
    public void Flush()
    {
        while (_oldest is not null)
            GiveUp(_oldest, PacketRc.FragmentExpired);
    }

    private static PacketRc Reassemble(
        in IpFragment fragment,
        ref PacketRecord packet,
        ReadOnlySpan<byte> frame,
        PacketBatch batch,
        FragmentedDatagram datagram,
        out ReadOnlySpan<byte> whole
    )
    {
        whole = default;
        int header = HeaderBytes(in fragment, frame);
        // The other fragments' headers may have been shorter.
        if (header + datagram.Length > MaxDatagram)
            return PacketRc.Corrupt;
        int captured = fragment.DataOffset + datagram.Captured;
        if (!batch.Owned.TryAdd(ref packet, captured, datagram.Packets, out Span<byte> bytes))
            return PacketRc.FragmentDropped;
        packet.OriginalLength = fragment.DataOffset + datagram.Length;
        frame[..fragment.DataOffset].CopyTo(bytes);
        datagram.CopyTo(bytes[fragment.DataOffset..]);
        Span<byte> ip = bytes[fragment.IpOffset..];
        if (ip[0] >> 4 == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(header + datagram.Length));
            ip[6] &= 0xC0; // "don't fragment" and the reserved bit stay
            ip[7] = 0;
        }
        else
        {
            // The fragment header stays, as that of an atomic fragment (RFC 6946).
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(header + datagram.Length));
            Span<byte> fragmentHeader = bytes[(fragment.DataOffset - 8)..];
            fragmentHeader[0] = datagram.NextHeader;
            fragmentHeader[2] = fragmentHeader[3] = 0;
        }
        whole = bytes;
        return PacketRc.DoProcess;
    }

    /// <summary>What the header's length field counts besides the data: in IPv4 the header, in IPv6 the extension headers.</summary>
    private static int HeaderBytes(in IpFragment fragment, ReadOnlySpan<byte> frame) =>
        fragment.DataOffset - fragment.IpOffset - (frame[fragment.IpOffset] >> 4 == 4 ? 0 : 40);

    private void AddPackets(FragmentedDatagram datagram, in PacketRecord packet, PacketBatch batch)
    {
        if (packet.Owned == 0)
        {
            datagram.Add(
                new FragmentPacket(
                    batch.Source!,
                    packet.SourceOffset,
                    packet.TimestampNs,
                    packet.CapturedLength,
                    packet.OriginalLength,
                    packet.LinkType
                )
                {
                    Kept = KeepsPackets ? Keep(batch.Frame(in packet)) : null,
                }
            );
            return;
        }
        // A fragment in a tunnel whose own packets were fragmented.
        foreach (ref readonly FragmentPacket part in batch.Owned.PacketsOf(in packet))
            datagram.Add(part with { Kept = KeepsPackets ? Keep(batch.Owned.FrameOf(in part)) : null });
    }

    private byte[] Keep(ReadOnlySpan<byte> frame)
    {
        byte[] kept = _bytes.Rent(frame.Length);
        frame.CopyTo(kept);
        return kept;
    }

    private static int BytesOf(in PacketRecord packet, PacketBatch batch)
    {
        if (packet.Owned == 0)
            return packet.CapturedLength;
        int bytes = 0;
        foreach (ref readonly FragmentPacket part in batch.Owned.PacketsOf(in packet))
            bytes += part.CapturedLength;
        return bytes;
    }

    private FragmentedDatagram Begin(in FragmentKey key, long nowNs)
    {
        if (_datagrams.Count >= _maxDatagrams && _oldest is not null)
            GiveUp(_oldest, PacketRc.FragmentDropped);
        FragmentedDatagram datagram = _spare.TryPop(out FragmentedDatagram? spare) ? spare : new FragmentedDatagram();
        datagram.Key = key;
        // Counted from the first fragment: a late one does not keep a datagram alive.
        datagram.DeadlineNs = nowNs > long.MaxValue - _timeoutNs ? long.MaxValue : nowNs + _timeoutNs;
        datagram.Older = _newest;
        if (_newest is null)
            _oldest = datagram;
        else
            _newest.Newer = datagram;
        _newest = datagram;
        _datagrams.Add(key, datagram);
        return datagram;
    }

    private bool MakeRoom(FragmentedDatagram forDatagram, int bytes)
    {
        // Arrays come in powers of two, so one may take twice what it holds.
        while (Bytes + (2L * bytes) > _maxBytes)
        {
            FragmentedDatagram? victim = ReferenceEquals(_oldest, forDatagram) ? forDatagram.Newer : _oldest;
            if (victim is null)
                return false;
            GiveUp(victim, PacketRc.FragmentDropped);
        }
        return true;
    }

    // By the clock, which is never ahead of any packet's now: this frees memory, and a look-up decides. A stamp from the future at the head
    // delays it; the other limits hold meanwhile.
    private void Expire(long clockNs)
    {
        while (_oldest is not null && _oldest.DeadlineNs < clockNs)
            GiveUp(_oldest, PacketRc.FragmentExpired);
    }

    private void GiveUp(FragmentedDatagram datagram, PacketRc verdict)
    {
        _verdicts[(int)PacketRc.Held] -= datagram.Packets.Length;
        _verdicts[(int)verdict] += datagram.Packets.Length;
        Remove(datagram);
    }

    private void Remove(FragmentedDatagram datagram)
    {
        _packets -= datagram.Packets.Length;
        _datagrams.Remove(datagram.Key);
        if (datagram.Older is null)
            _oldest = datagram.Newer;
        else
            datagram.Older.Newer = datagram.Newer;
        if (datagram.Newer is null)
            _newest = datagram.Older;
        else
            datagram.Newer.Older = datagram.Older;
        datagram.Clear(_bytes);
        if (_spare.Count < SpareLimit)
            _spare.Push(datagram);
    }
}
