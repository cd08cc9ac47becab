using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// The fields that the headers below the transport give: MACs, VLANs, TTL, DSCP, and what is outside of a tunnel. The value seen last is remembered, so that a set is asked
/// only when something changes.
/// </summary>
internal static class PacketFields
{
    private const int MacsLength = 12;
    private const int ArkimePackets = 10;

    /// <summary>What the bits of <see cref="Tunnels"/> add to the list of protocols, from the lowest on.</summary>
    private static readonly byte[][] TunnelNames =
    [
        .. Array.ConvertAll(
            (string[])
                ["gre", "pppoe", "mpls", "ppp", "gtp", "vxlan", "vxlan-gpe", "geneve", "teredo", "l2tp", "capwap", "tzsp", "lisp", "ayiya"],
            Encoding.UTF8.GetBytes
        ),
    ];

    public static void Add(FlowSession session, in PacketView packet, CoreFields fields)
    {
        ref readonly PacketRecord record = ref packet.Record;
        bool whole = !fields.ArkimeQuirks || IsEarly(session);
        if (whole)
        {
            if (record.EtherOffset != PacketRecord.None)
                AddMacs(session, packet.Frame.Slice(record.EtherOffset, MacsLength), fields);
            if ((record.Vlan0 & PacketRecord.VlanPresent) != 0)
                AddVlans(session, in record, fields);
            if (record.Tunnel != Tunnels.None || record.Vni != 0)
                AddTunnel(session, in packet, fields);
        }
        if (session.HasIp && record.IpOffset != PacketRecord.None)
            AddIp(session, packet.Frame[record.IpOffset..], fields, withDscp: whole);
    }

    // Arkime looks at these in the first packets of each side alone.
    private static bool IsEarly(FlowSession session) =>
        (session.PacketSide == Side.Client ? session.Packets.Client : session.Packets.Server) <= ArkimePackets;

    private static void AddTunnel(FlowSession session, in PacketView packet, CoreFields fields)
    {
        ref readonly PacketRecord record = ref packet.Record;
        if (record.Vni != 0)
            session.Fields.Add(fields.Vni, record.Vni);
        // Arkime writes down who sent the outer packet, not which side of the session that was, and has its two MACs the wrong way round.
        bool client = session.PacketSide == Side.Client || fields.ArkimeQuirks;
        SideFields sender = client ? fields.Client : fields.Server;
        SideFields receiver = client ? fields.Server : fields.Client;
        if (record.OuterEtherOffset != PacketRecord.None)
        {
            ReadOnlySpan<byte> macs = packet.Frame.Slice(record.OuterEtherOffset, MacsLength);
            AddMac(session, fields.ArkimeQuirks ? sender.OuterMac : receiver.OuterMac, macs[..6]);
            AddMac(session, fields.ArkimeQuirks ? receiver.OuterMac : sender.OuterMac, macs[6..]);
        }
        if (
            record.OuterIpOffset != PacketRecord.None
            && record.OuterIpOffset != record.IpOffset
            && IpAddress.TryReadPair(packet.Frame[record.OuterIpOffset..], out IpAddress source, out IpAddress destination)
        )
        {
            session.Fields.AddIp(sender.OuterIp, source.ToUInt128());
            session.Fields.AddIp(receiver.OuterIp, destination.ToUInt128());
        }
        if (record.Tunnel != session.LastTunnel)
            AddKinds(session, record.Tunnel);
    }

    private static void AddKinds(FlowSession session, Tunnels kinds)
    {
        session.LastTunnel = kinds;
        for (int bit = 0; bit < TunnelNames.Length; bit++)
        {
            if (((int)kinds >> bit & 1) != 0)
                session.AddProtocol(TunnelNames[bit]);
        }
    }

    [MethodImpl(HotPath.Options)]
    private static void AddMacs(FlowSession session, ReadOnlySpan<byte> macs, CoreFields fields)
    {
        MacPair both = MacPair.Read(macs);
        bool client = session.PacketSide == Side.Client;
        ref MacPair last = ref client ? ref session.LastClientMacs : ref session.LastServerMacs;
        if (both == last)
            return;
        last = both;
        AddMac(session, (client ? fields.Server : fields.Client).Mac, macs[..6]);
        AddMac(session, (client ? fields.Client : fields.Server).Mac, macs[6..]);
    }

    [MethodImpl(HotPath.Options)]
    private static void AddMac(FlowSession session, SpiField field, ReadOnlySpan<byte> mac)
    {
        Span<byte> text = stackalloc byte[17];
        for (int i = 0; i < 6; i++)
        {
            text[3 * i] = "0123456789abcdef"u8[mac[i] >> 4];
            text[(3 * i) + 1] = "0123456789abcdef"u8[mac[i] & 0xF];
            if (i < 5)
                text[(3 * i) + 2] = (byte)':';
        }
        session.Fields.Add(field, text);
    }

    private static void AddVlans(FlowSession session, in PacketRecord record, CoreFields fields)
    {
        ulong all = record.Vlan0 | ((ulong)record.Vlan1 << 16) | ((ulong)record.Vlan2 << 32);
        if (all == session.LastVlans)
            return;
        session.LastVlans = all;
        for (; all != 0; all >>= 16)
        {
            long id = (long)(all & PacketRecord.VlanId);
            if (id == 0)
                continue; // a priority tag belongs to no VLAN (IEEE 802.1Q section 9.6)
            session.Fields.Add(fields.Vlan, id);
            session.Fields.Add((all & PacketRecord.VlanService) != 0 ? fields.Dot1ad : fields.Dot1q, id);
        }
    }

    private static void AddIp(FlowSession session, ReadOnlySpan<byte> ip, CoreFields fields, bool withDscp)
    {
        bool v4 = ip[0] >> 4 == 4;
        int ttl = v4 ? ip[8] : ip[7];
        int dscp = v4 ? ip[1] >> 2 : (BinaryPrimitives.ReadUInt16BigEndian(ip) >> 6) & 0x3F;
        int both = (dscp << 8) | ttl;
        bool client = session.PacketSide == Side.Client;
        if (both == (client ? session.LastClientTtl : session.LastServerTtl))
            return;
        if (client)
            session.LastClientTtl = both;
        else
            session.LastServerTtl = both;
        SideFields side = client ? fields.Client : fields.Server;
        session.Fields.Add(side.Ttl, ttl);
        if (dscp != 0 && withDscp)
            session.Fields.Add(side.Dscp, dscp);
    }
}

/// <summary>Both addresses of an Ethernet header, and that they are known.</summary>
internal readonly record struct MacPair(ulong First, ulong Rest)
{
    private const ulong Known = 1UL << 32;

    public static MacPair Read(ReadOnlySpan<byte> macs) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(macs), BinaryPrimitives.ReadUInt32BigEndian(macs[8..]) | Known);
}
