using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// SCTP (RFC 9260): sessions by addresses and ports; user messages put together from DATA chunks, in the order of their TSNs.
/// <code>
/// | source port (2) | destination port (2) | verification tag (4) | checksum (4) | chunks
/// chunk: | type (1) | flags (1) | length (2), header included | … padded to 4
/// DATA:  | 00 | flags (1) | length (2) | TSN (4) | stream (2) | sequence (2) | payload protocol (4) | user data
/// INIT:  | 01 | flags (1) | length (2) | tag (4) | window (4) | streams (2, 2) | initial TSN (4) | …; INIT ACK: 02
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
    private const byte Data = 0;
    private const byte Init = 1;
    private const byte InitAck = 2;
    private const int DataHeaderLength = 16;
    private const int InitLength = 20;
    private const int InitialTsn = 12;

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        ReadOnlySpan<byte> chunks = packet.Payload[HeaderLength..];
        session.DataBytes.Add(session.PacketSide, chunks.Length);
        // Stays with the session object from one use to the next, as its memory does.
        if (session.ProtocolState is not SctpAssociation association)
            session.ProtocolState = association = new SctpAssociation();
        SctpDirection direction = association[session.PacketSide];
        var reader = new PacketReader(chunks);
        while (reader.Remaining >= 4)
        {
            byte type = reader.U8();
            byte flags = reader.U8();
            int length = reader.U16();
            ReadOnlySpan<byte> body = reader.Take(length - 4);
            if (reader.Failed)
                return; // a chunk that reaches beyond the packet: what came before counts
            switch (type)
            {
                case Data when length >= DataHeaderLength:
                    AddData(session, direction, flags, body, packet.Record.TimestampNs);
                    break;
                case Init or InitAck when length >= InitLength:
                    var init = new PacketReader(body[InitialTsn..]);
                    direction.Start(init.U32());
                    break;
            }
            if (length % 4 is var over and > 0)
                reader.Skip(Math.Min(4 - over, reader.Remaining));
        }
    }

    /// <inheritdoc/>
    public override void Free(Session session) => (session.ProtocolState as SctpAssociation)?.Clear();

    private void AddData(Session session, SctpDirection direction, byte flags, ReadOnlySpan<byte> body, long timestampNs)
    {
        var data = new PacketReader(body);
        uint tsn = data.U32();
        ushort stream = data.U16();
        data.Skip(2);
        uint protocol = data.U32();
        session.Fields.Add(payloadProtocol, protocol);
        direction.Add(new SctpChunk(flags, tsn, stream, protocol), data.Rest, new Messages(session, timestampNs));
    }

    /// <summary>What becomes of a session's messages.</summary>
    private readonly struct Messages(Session session, long timestampNs) : ISctpMessages
    {
        public void Message(ushort stream, uint payloadProtocol, ReadOnlySpan<byte> message)
        {
            session.SeenPayload(message);
            if (message.Length > 0)
                session.Deliver(new StreamData(session.PacketSide, message, timestampNs));
        }
    }
}
