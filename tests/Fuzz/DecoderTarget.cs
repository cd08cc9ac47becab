using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Parsers;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Fuzz;

/// <summary>One frame, taken for a frame of every link type: no exception, and no offset outside of it.</summary>
public static class DecoderTarget
{
    /// <summary>Those without a layer end at once.</summary>
    private const int LinkTypes = 300;

    private static readonly PacketDecoder Decoder = Make();

    public static void Run(ReadOnlySpan<byte> frame)
    {
        Decoder.Batch.Recycle();
        for (int linkType = 0; linkType < LinkTypes; linkType++)
        {
            var record = new PacketRecord { LinkType = (ushort)linkType, CapturedLength = frame.Length };
            if (Decoder.Decode(ref record, frame) != PacketRc.DoProcess)
                continue;
            int length = record.Owned == 0 ? frame.Length : record.CapturedLength;
            if (
                (record.IpOffset != PacketRecord.None && record.IpOffset + 20 > length)
                || record.PayloadOffset + record.PayloadLength > length
            )
                throw new InvalidOperationException($"link type {linkType}: offsets outside of the frame");
        }
    }

    private static PacketDecoder Make()
    {
        var tables = new LayerTables(FieldDictionary.Default);
        byte tcp = tables.Register(new TcpProtocol(new SessionSettings()));
        byte udp = tables.Register(new UdpProtocol());
        BuiltInLayers.Register(tables, []);
        new IcmpPlugin().Register(tables);
        new SctpPlugin().Register(tables);
        new ArpPlugin().Register(tables);
        new OspfPlugin().Register(tables);
        new UnknownPlugin().Register(tables);
        return new PacketDecoder(tables, tcp, udp, new Tracking(Vlan: true, Vni: true, TunnelDepth: true, Salt: 1));
    }
}
