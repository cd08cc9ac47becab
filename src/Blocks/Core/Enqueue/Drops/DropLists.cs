using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>
/// The addresses, networks and ports whose packets are dropped. Immutable: a change of the lists is a new object in a <see cref="Snapshot{T}"/>.
/// </summary>
public sealed class DropLists
{
    private const byte Sctp = 132;
    private const int PortsLength = 4;

    private readonly PrefixTable? _addresses;
    private readonly PrefixTable?[]? _ports;

    internal DropLists(PrefixTable? addresses, PrefixTable?[]? ports, int entries)
    {
        _addresses = addresses;
        _ports = ports;
        Entries = entries;
    }

    /// <summary>Entries of all lists.</summary>
    public int Entries { get; }

    /// <summary>
    /// What becomes of a packet that would go to a session. Its source and its destination are looked up, and those of the tunnel around it: one that
    /// is to be dropped suffices.
    /// </summary>
    public PacketRc Check(in PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        if (!TryReadAddresses(frame, packet.IpOffset, out IpAddress source, out IpAddress destination))
            return PacketRc.DoProcess;
        if (_addresses is { } addresses)
        {
            if (addresses.Find(in source) == Listed.Drop || addresses.Find(in destination) == Listed.Drop)
                return PacketRc.IpDropped;
            if (
                TryReadAddresses(frame, packet.OuterIpOffset, out IpAddress outerSource, out IpAddress outerDestination)
                && (addresses.Find(in outerSource) == Listed.Drop || addresses.Find(in outerDestination) == Listed.Drop)
            )
                return PacketRc.IpDropped;
        }
        if (
            _ports is { } ports
            && packet.IpProtocol is (PacketDecoder.Tcp or PacketDecoder.Udp or Sctp)
            && packet.PayloadLength >= PortsLength
        )
        {
            ReadOnlySpan<byte> both = frame.Slice(packet.PayloadOffset, PortsLength);
            if (
                ports[BinaryPrimitives.ReadUInt16BigEndian(both)]?.Find(in source) == Listed.Drop
                || ports[BinaryPrimitives.ReadUInt16BigEndian(both[2..])]?.Find(in destination) == Listed.Drop
            )
                return PacketRc.IpPortDropped;
        }
        return PacketRc.DoProcess;
    }

    private static bool TryReadAddresses(ReadOnlySpan<byte> frame, ushort offset, out IpAddress source, out IpAddress destination)
    {
        source = destination = default;
        return offset != PacketRecord.None && offset < frame.Length && IpAddress.TryReadPair(frame[offset..], out source, out destination);
    }
}
