using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// The fields that the headers below the transport give: MACs, VLANs, TTL, DSCP. The value seen last is remembered, so that a set is asked
/// only when something changes.
/// </summary>
internal static class PacketFields
{
    public static void Add(FlowSession session, in PacketView packet, CoreFields fields)
    {
        ref readonly PacketRecord record = ref packet.Record;
        if (record.EtherOffset != PacketRecord.None)
            AddMacs(session, packet.Frame.Slice(record.EtherOffset, 12), fields);
        if ((record.Vlan0 & PacketRecord.VlanPresent) != 0)
            AddVlans(session, in record, fields);
        if (record.Vni != 0)
            session.Fields.Add(fields.Vni, record.Vni);
        if (session.HasIp && record.IpOffset != PacketRecord.None)
            AddIp(session, packet.Frame[record.IpOffset..], fields);
    }

    private static void AddMacs(FlowSession session, ReadOnlySpan<byte> macs, CoreFields fields)
    {
        MacPair both = MacPair.Read(macs);
        bool client = session.PacketSide == Side.Client;
        ref MacPair last = ref client ? ref session.LastClientMacs : ref session.LastServerMacs;
        if (both == last)
            return;
        last = both;
        AddMac(session, client ? fields.Server : fields.Client, macs[..6]);
        AddMac(session, client ? fields.Client : fields.Server, macs[6..]);
    }

    private static void AddMac(FlowSession session, SideFields side, ReadOnlySpan<byte> mac)
    {
        Span<byte> text = stackalloc byte[17];
        for (int i = 0; i < 6; i++)
        {
            text[3 * i] = "0123456789abcdef"u8[mac[i] >> 4];
            text[(3 * i) + 1] = "0123456789abcdef"u8[mac[i] & 0xF];
            if (i < 5)
                text[(3 * i) + 2] = (byte)':';
        }
        session.Fields.Add(side.Mac, text);
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
            session.Fields.Add(fields.Vlan, id);
            session.Fields.Add((all & PacketRecord.VlanService) != 0 ? fields.Dot1ad : fields.Dot1q, id);
        }
    }

    private static void AddIp(FlowSession session, ReadOnlySpan<byte> ip, CoreFields fields)
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
        if (dscp != 0)
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
