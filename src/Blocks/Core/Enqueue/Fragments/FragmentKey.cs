using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Fragments;

/// <summary>
/// What the fragments of one datagram have in common: addresses, identification, in IPv4 the protocol (RFC 791), the depth of tunnels, and
/// VLANs and VNI where these tell sessions apart, so that the same private addresses in two networks do not mix.
/// </summary>
internal readonly record struct FragmentKey(
    ulong Source0,
    ulong Source1,
    ulong Destination0,
    ulong Destination1,
    ulong Numbers,
    ulong Network
)
{
    public static FragmentKey Of(in IpFragment fragment, in PacketRecord packet, ReadOnlySpan<byte> frame, in Tracking tracking)
    {
        ReadOnlySpan<byte> ip = frame[fragment.IpOffset..];
        ulong numbers = fragment.Identification | ((ulong)packet.TunnelDepth << 32);
        ulong network = 0;
        if (tracking.Vlan)
            network = (uint)(packet.Vlan0 & PacketRecord.VlanId) | ((uint)(packet.Vlan1 & PacketRecord.VlanId) << 12);
        if (tracking.Vni)
            network |= (ulong)packet.Vni << 32;
        if (ip[0] >> 4 == 4)
        {
            ulong pair = BinaryPrimitives.ReadUInt64BigEndian(ip[12..]);
            return new FragmentKey(0, pair >> 32, 0, pair & 0xFFFFFFFF, numbers | ((ulong)fragment.Protocol << 40), network);
        }
        const ulong V6 = 1UL << 48;
        return new FragmentKey(
            BinaryPrimitives.ReadUInt64BigEndian(ip[8..]),
            BinaryPrimitives.ReadUInt64BigEndian(ip[16..]),
            BinaryPrimitives.ReadUInt64BigEndian(ip[24..]),
            BinaryPrimitives.ReadUInt64BigEndian(ip[32..]),
            numbers | V6,
            network
        );
    }
}

/// <summary>Salted, against flooding of one bucket.</summary>
internal sealed class FragmentKeyComparer(ulong salt) : IEqualityComparer<FragmentKey>
{
    public bool Equals(FragmentKey x, FragmentKey y) => x == y;

    public int GetHashCode(FragmentKey key)
    {
        ulong second = System.Numerics.BitOperations.RotateLeft(salt, 32) * 0x9E3779B97F4A7C15;
        ulong hash = Mix(key.Source0 ^ salt, key.Source1 ^ second);
        hash = Mix(hash ^ key.Destination0 ^ salt, key.Destination1 ^ second);
        hash = Mix(hash ^ key.Numbers ^ salt, key.Network ^ second);
        return (int)(hash ^ (hash >> 32));
    }

    private static ulong Mix(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }
}
