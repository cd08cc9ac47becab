using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>Handles of the fields that need no parser.</summary>
/// <param name="dictionary">Where they are defined.</param>
/// <param name="arkimeQuirks">Whether outer addresses are recorded as Arkime does, see docs/decisions.md.</param>
internal sealed class CoreFields(FieldDictionary dictionary, bool arkimeQuirks = false)
{
    public readonly bool ArkimeQuirks = arkimeQuirks;
    public readonly bool[] Linked = LinkedOf(dictionary);
    public readonly SpiField FirstPacket = dictionary["first_packet"];
    public readonly SpiField FirstPacketNs = dictionary["first_packet_ns"];
    public readonly SpiField LastPacket = dictionary["last_packet"];
    public readonly SpiField LastPacketNs = dictionary["last_packet_ns"];
    public readonly SpiField Length = dictionary["length"];
    public readonly SpiField Id = dictionary["id"];
    public readonly SpiField RootId = dictionary["root_id"];
    public readonly SpiField Segment = dictionary["segment"];
    public readonly SpiField Segments = dictionary["session.segments"];
    public readonly SpiField Final = dictionary["final"];
    public readonly SpiField EndReason = dictionary["end_reason"];
    public readonly SpiField Complete = dictionary["complete"];
    public readonly SpiField KernelDrops = dictionary["lost.kernel"];
    public readonly SpiField ShedPackets = dictionary["lost.shed"];
    public readonly SpiField TcpGaps = dictionary["lost.tcpGaps"];
    public readonly SpiField Node = dictionary["node"];
    public readonly SpiField Protocols = dictionary["protocols"];
    public readonly SpiField Tags = dictionary["tags"];
    public readonly SpiField IpProtocol = dictionary["ip.protocol"];
    public readonly SpiField EtherType = dictionary["ethertype"];
    public readonly SpiField InitRtt = dictionary["initRTT"];
    public readonly SpiField DataBytes = dictionary["databytes"];
    public readonly SpiField Bytes = dictionary["bytes"];
    public readonly SpiField Packets = dictionary["packets"];
    public readonly SpiField CommunityId = dictionary["communityId"];
    public readonly SpiField Vlan = dictionary["vlan"];
    public readonly SpiField Dot1q = dictionary["vlan.dot1q"];
    public readonly SpiField Dot1ad = dictionary["vlan.dot1ad"];
    public readonly SpiField Vni = dictionary["vni"];
    public readonly SpiField PacketPos = dictionary["packet_pos"];
    public readonly SpiField PacketPosSource = dictionary["packet_pos.source"];
    public readonly SpiField PacketPosGaps = dictionary["packet_pos.gaps"];
    public readonly SpiField PacketLen = dictionary["packet_len"];
    public readonly SpiField Custom = dictionary["custom"];
    public readonly SpiField FileUris = dictionary["file_uris"];
    public readonly SideFields Client = new(dictionary, "src");
    public readonly SideFields Server = new(dictionary, "dst");
    public readonly SpiField TcpSyn = dictionary["tcpflags.syn"];
    public readonly SpiField TcpSynAck = dictionary["tcpflags.syn-ack"];
    public readonly SpiField TcpAck = dictionary["tcpflags.ack"];
    public readonly SpiField TcpPsh = dictionary["tcpflags.psh"];
    public readonly SpiField TcpFin = dictionary["tcpflags.fin"];
    public readonly SpiField TcpRst = dictionary["tcpflags.rst"];
    public readonly SpiField TcpUrg = dictionary["tcpflags.urg"];
    public readonly SpiField TcpEce = dictionary["tcpflags.ece"];
    public readonly SpiField TcpCwr = dictionary["tcpflags.cwr"];
    public readonly SpiField TcpAe = dictionary["tcpflags.ae"];
    public readonly SpiField TcpSrcZero = dictionary["tcpflags.srcZero"];
    public readonly SpiField TcpDstZero = dictionary["tcpflags.dstZero"];
    public readonly SpiField TcpSeqSrc = dictionary["tcpseq.src"];
    public readonly SpiField TcpSeqDst = dictionary["tcpseq.dst"];
    public readonly SpiField TcpSrcIsnCount = dictionary["tcp.srcISNCnt"];
    public readonly SpiField TcpDstIsnCount = dictionary["tcp.dstISNCnt"];
    public readonly SpiField TcpSynValidated = dictionary["tcp.synValidated"];
    public readonly SpiField TcpSynAckValidated = dictionary["tcp.synAckValidated"];

    /// <summary>By a field's number, whether all linked records have it.</summary>
    private static bool[] LinkedOf(FieldDictionary dictionary)
    {
        var linked = new bool[dictionary.Fields.Count + 1];
        foreach (FieldDefinition field in dictionary.Fields)
            linked[field.Field.Number] = field.Linked;
        return linked;
    }
}

/// <summary>Handles of the fields that each side has.</summary>
internal sealed class SideFields(FieldDictionary dictionary, string side)
{
    public readonly SpiField Ip = dictionary["ip." + side];
    public readonly SpiField Port = dictionary["port." + side];
    public readonly SpiField Mac = dictionary["mac." + side];
    public readonly SpiField Bytes = dictionary["bytes." + side];
    public readonly SpiField Packets = dictionary["packets." + side];
    public readonly SpiField DataBytes = dictionary["databytes." + side];
    public readonly SpiField Payload8 = dictionary["payload8." + side + ".hex"];
    public readonly SpiField Ttl = dictionary["ttl." + side];
    public readonly SpiField Dscp = dictionary["dscp." + side];
    public readonly SpiField OuterMac = dictionary["outermac." + side];
    public readonly SpiField OuterIp = dictionary["outerip." + side];
}
