using System.Buffers.Binary;
using System.Numerics;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>
/// Remembers the packets of the last seconds, to tell those that come again: mirror ports that see a packet on its way in and out. Equal is what is
/// equal from the IP header on, but for what a router changes (time to live, header checksum). The clock is the packets' own, and the oldest are
/// forgotten first, so what is dropped is a function of the packets; the salt decides only where a digest lies. A ring of digests, oldest first, and
/// chains through it by hash.
/// </summary>
internal sealed class PacketDedup
{
    private const int None = -1;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const int TimeToLive4 = 8;
    private const int Checksum4 = 10;
    private const int HopLimit6 = 7;
    private const int FixedPart = 12;

    // Any odd numbers with many bits set do; these are of the golden ratio and of the square root of three.
    private const ulong FactorA = 0x9E37_79B9_7F4A_7C15;
    private const ulong FactorB = 0xBB67_AE85_84CA_A73B;

    private readonly Tracking _tracking;
    private readonly long _windowNs;
    private readonly ulong _saltA;
    private readonly ulong _saltB;
    private readonly Seen[] _ring;
    private readonly int[] _chains;
    private int _oldest;
    private int _count;
    private int _unsettled = None;
    private long _unsettledNs;

    public PacketDedup(PacketSettings settings, in Tracking tracking)
    {
        _tracking = tracking;
        _windowNs = settings.DedupSeconds * NanosecondsPerSecond;
        _ring = new Seen[settings.DedupPackets];
        _chains = new int[BitOperations.RoundUpToPowerOf2((uint)settings.DedupPackets)];
        Array.Fill(_chains, None);
        (_saltA, _saltB) = (RandomSeed.Next(), RandomSeed.Next());
    }

    /// <summary>Whether the packet was seen within the window; remembers it, if not.</summary>
    public bool IsDuplicate(in PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        if (packet.IpOffset == PacketRecord.None)
            return false;
        ReadOnlySpan<byte> ip = frame[packet.IpOffset..Math.Min(packet.PayloadOffset + packet.PayloadLength, frame.Length)];
        if (ip.Length < FixedPart)
            return false;
        (ulong a, ulong b) = Digest(in packet, ip);
        long now = packet.ClockNs;
        if (now != long.MinValue)
        {
            Settle(now);
            ForgetBefore(now - _windowNs);
        }
        ref int chain = ref _chains[(int)(a & (uint)(_chains.Length - 1))];
        for (int i = chain; i != None; i = _ring[i].Next)
        {
            if (_ring[i].A != a || _ring[i].B != b)
                continue;
            // the newest of its kind; the lagging clock may not have forgotten it though it is too old
            if (Math.Max(now, packet.TimestampNs) - _ring[i].TimeNs < _windowNs)
                return true;
            break;
        }
        if (_count == _ring.Length)
            ForgetOldest();
        int at = _oldest + _count;
        if (at >= _ring.Length)
            at -= _ring.Length;
        _ring[at] = new Seen(a, b, now, chain);
        chain = at;
        _unsettled = at;
        _unsettledNs = packet.TimestampNs;
        _count++;
        return false;
    }

    /// <summary>Forgets all, as the clock begins anew.</summary>
    public void Clear()
    {
        Array.Fill(_chains, None);
        _oldest = _count = 0;
        _unsettled = None;
    }

    /// <summary>
    /// The clock lags a packet behind, so that one false stamp can't move it. So a packet's time is its own as soon as the clock has come that far.
    /// </summary>
    private void Settle(long now)
    {
        if (_unsettled == None)
            return;
        ref long timeNs = ref _ring[_unsettled].TimeNs;
        timeNs = Math.Max(timeNs, Math.Min(_unsettledNs, now));
        _unsettled = None;
    }

    private void ForgetBefore(long timeNs)
    {
        while (_count > 0 && _ring[_oldest].TimeNs <= timeNs)
            ForgetOldest();
    }

    private void ForgetOldest()
    {
        // the oldest is the last of its chain
        ref int link = ref _chains[(int)(_ring[_oldest].A & (uint)(_chains.Length - 1))];
        while (link != _oldest)
            link = ref _ring[link].Next;
        link = None;
        _oldest = _oldest + 1 == _ring.Length ? 0 : _oldest + 1;
        _count--;
    }

    /// <summary>128 bits of what makes the packet: in sessions of their own, packets are no copies of each other.</summary>
    private (ulong A, ulong B) Digest(in PacketRecord packet, ReadOnlySpan<byte> ip)
    {
        ulong a = _saltA;
        ulong b = _saltB;
        if (_tracking.Vlan)
            Add(((ulong)packet.Vlan0 << 16) | packet.Vlan1, ref a, ref b);
        if (_tracking.Vni)
            Add(packet.Vni, ref a, ref b);
        if (_tracking.TunnelDepth)
            Add(packet.TunnelDepth, ref a, ref b);
        Span<byte> first = stackalloc byte[16];
        first.Clear();
        ip[..FixedPart].CopyTo(first);
        if (ip[0] >> 4 == 4)
        {
            first[TimeToLive4] = 0;
            first[Checksum4] = first[Checksum4 + 1] = 0;
        }
        else
        {
            first[HopLimit6] = 0;
        }
        BinaryPrimitives.WriteInt32LittleEndian(first[FixedPart..], ip.Length);
        ip = ip[FixedPart..];
        Add(BinaryPrimitives.ReadUInt64LittleEndian(first), ref a, ref b);
        Add(BinaryPrimitives.ReadUInt64LittleEndian(first[8..]), ref a, ref b);
        for (; ip.Length >= sizeof(ulong); ip = ip[sizeof(ulong)..])
            Add(BinaryPrimitives.ReadUInt64LittleEndian(ip), ref a, ref b);
        ulong rest = 0;
        foreach (byte one in ip)
            rest = (rest << 8) | one;
        Add(rest, ref a, ref b);
        return (a, b);
    }

    private static void Add(ulong word, ref ulong a, ref ulong b)
    {
        ulong highA = Math.BigMul(a ^ word, FactorA, out ulong lowA);
        ulong highB = Math.BigMul(b + word, FactorB, out ulong lowB);
        a = highA ^ lowA ^ b;
        b = highB + lowB;
    }

    private struct Seen(ulong a, ulong b, long timeNs, int next)
    {
        public readonly ulong A = a;
        public readonly ulong B = b;
        public long TimeNs = timeNs;
        public int Next = next;
    }
}
