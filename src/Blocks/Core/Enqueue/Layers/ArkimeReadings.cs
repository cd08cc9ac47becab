using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Layers;

/// <summary>
/// How Arkime reads what it takes for something else than it is. Only <c>records.arkimeQuirks</c> asks for it, to compare documents;
/// docs/decisions.md says of each why FlowPipe's own reading is right.
/// </summary>
internal static class ArkimeReadings
{
    private const int MetadataLength = 8;

    /// <summary>Whether packets of this run are read so.</summary>
    public static bool AskedFor(EnqueueContext context) => context is PacketDecoder { AsArkime: true };

    /// <summary>
    /// GRE, behind its header, of the types that are read otherwise. Type 0 is a keep-alive's: without content there is no packet. The type of what
    /// follows Cisco's metadata is looked for behind it, as on Ethernet; where 0 stands there, the first two bytes of the IP header are the type,
    /// and of the header the MACs.
    /// </summary>
    public static PacketRc? RunGre(EnqueueContext context, ushort protocol, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        ReadOnlySpan<byte> payload = frame[offset..];
        if (protocol == 0 && payload.Length < 2)
            return PacketRc.DontProcess;
        if (protocol != GreLayer.CiscoMetadata || payload.Length < MetadataLength + 2 || payload[MetadataLength - 2] != 0)
            return null;
        packet.OuterEtherOffset = packet.EtherOffset;
        packet.EtherOffset = (ushort)(offset + MetadataLength);
        return context.RunEthernet(
            BinaryPrimitives.ReadUInt16BigEndian(payload[MetadataLength..]),
            ref packet,
            frame,
            offset + MetadataLength
        );
    }
}
