using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// SCTP (RFC 9260): sessions by addresses and ports, and the payload protocols named by DATA chunks.
/// <code>
/// | source port (2) | destination port (2) | verification tag (4) | checksum (4) | chunks
/// chunk: | type (1) | flags (1) | length (2), header included | … padded to 4
/// DATA:  | 00 | flags (1) | length (2) | TSN (4) | stream (2) | sequence (2) | payload protocol (4) | user data
/// </code>
/// </summary>
public sealed class SctpPlugin : IFlowPipePlugin
{
    private const byte Sctp = 132;

    /// <inheritdoc/>
    public string Name => "sctp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        byte number = registrar.Register(new SctpProtocol(registrar.Field("sctp.protoId")));
        registrar.Ip(
            Sctp,
            (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                packet.PayloadLength < SctpProtocol.HeaderLength ? PacketRc.Corrupt : context.ToSession(number, ref packet, frame)
        );
    }
}

/// <summary>Sessions of SCTP.</summary>
internal sealed class SctpProtocol(SpiField payloadProtocol) : IpMProtocol("sctp", SessionType.Sctp, label: "sctp", hasPorts: true)
{
    public const int HeaderLength = 12;
    private const byte DataChunk = 0;
    private const int DataHeaderLength = 16;

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        ReadOnlySpan<byte> chunks = packet.Payload[HeaderLength..];
        session.DataBytes.Add(session.PacketSide, chunks.Length);
        var reader = new PacketReader(chunks);
        while (reader.Remaining >= 4)
        {
            byte type = reader.U8();
            reader.Skip(1);
            int length = reader.U16();
            ReadOnlySpan<byte> body = reader.Take(length - 4);
            if (reader.Failed)
                return; // a chunk that reaches beyond the packet: what came before counts
            if (type == DataChunk && length >= DataHeaderLength)
            {
                var data = new PacketReader(body);
                data.Skip(8);
                session.Fields.Add(payloadProtocol, data.U32());
                session.SeenPayload(data.Rest);
            }
            if (length % 4 is var over and > 0)
                reader.Skip(Math.Min(4 - over, reader.Remaining));
        }
    }
}
