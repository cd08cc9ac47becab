using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Enqueue.Fragments;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Parsers;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Enqueue;

/// <summary>The decoder with all that is built in, for one frame at a time.</summary>
internal sealed class Decoder
{
    private readonly PacketDecoder _decoder;

    public Decoder(params IFlowPipePlugin[] plugins)
        : this(new SessionSettings(), plugins) { }

    public Decoder(SessionSettings settings, params IFlowPipePlugin[] plugins)
    {
        Tables = new LayerTables(FieldDictionary.Default);
        byte tcp = Tables.Register(new TcpProtocol(new SessionSettings()));
        byte udp = Tables.Register(new UdpProtocol());
        BuiltInLayers.Register(Tables, []);
        foreach (IFlowPipePlugin plugin in (IFlowPipePlugin[])[new IcmpPlugin(), new SctpPlugin(), .. plugins])
            plugin.Register(Tables);
        _decoder = new PacketDecoder(Tables, tcp, udp, new Tracking(true, true, true, 7), settings);
    }

    public LayerTables Tables { get; }

    public PacketBatch Batch => _decoder.Batch;

    public FragmentTable Fragments => _decoder.Fragments;

    public long[] Verdicts => _decoder.Verdicts;

    public PacketRc Decode(int linkType, byte[] frame, out PacketRecord record) => Decode(linkType, frame, 0, out record);

    public PacketRc Decode(int linkType, byte[] frame, double at) => Decode(linkType, frame, at, out _);

    private PacketRc Decode(int linkType, byte[] frame, double at, out PacketRecord record)
    {
        // What a batch that was used before leaves behind.
        record = new PacketRecord
        {
            LinkType = (ushort)linkType,
            TimestampNs = Conversation.Ns(at),
            ClockNs = Conversation.Ns(at),
            CapturedLength = frame.Length,
            OriginalLength = frame.Length,
            EtherOffset = 11,
            IpOffset = 12,
            PayloadOffset = 13,
            PayloadLength = 14,
            EtherType = 15,
            Vlan0 = 16,
            Vlan1 = 17,
            Vlan2 = 18,
            Vni = 19,
            Owned = 20,
            OuterEtherOffset = 21,
            OuterIpOffset = 22,
            TunnelDepth = 23,
            Tunnel = Tunnels.Gtp,
        };
        PacketRc verdict = _decoder.Decode(ref record, frame);
        _decoder.Verdicts[(int)verdict] += Batch.PacketsOf(in record);
        if (verdict == PacketRc.DoProcess)
        {
            // Everything that follows slices by these.
            int length = record.CapturedLength;
            Assert.Equal(length, record.Owned == 0 ? frame.Length : Batch.Owned.Frame(in record).Length);
            Assert.InRange(record.IpOffset, 0, length - 20);
            Assert.InRange(record.PayloadOffset, record.IpOffset + 20, length);
            Assert.InRange(record.PayloadLength, 0, length - record.PayloadOffset);
            Assert.True(record.Tunnel != Tunnels.None || record.Vni + record.TunnelDepth == 0);
            Assert.True(record.EtherOffset == PacketRecord.None || record.EtherOffset + 12 <= frame.Length);
            if (record.Tunnel == Tunnels.None)
                return verdict;
            Assert.True(record.OuterEtherOffset == PacketRecord.None || record.OuterEtherOffset < record.EtherOffset);
            Assert.True(record.OuterIpOffset == PacketRecord.None || record.OuterIpOffset <= record.IpOffset);
        }
        return verdict;
    }

    public PacketRc Decode(int linkType, byte[] frame) => Decode(linkType, frame, out _);
}
