using FlowPipe.Abstractions;
using FlowPipe.Parsers.Tls;

namespace FlowPipe.Parsers;

/// <summary>
/// TLS from SSL 3.0 on over TCP (RFC 8446, RFC 5246, RFC 6101), recognised by its bytes on any port: what hellos and certificates say. What
/// follows is encrypted, and costs no parsing.
/// <code>
/// record:  | type (1) 16 = handshake | version (2) 03 xx | length (2) | messages, or parts of them
/// message: | type (1) | length (3) | …
/// </code>
/// </summary>
public sealed class TlsPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "tls";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new HelloFields(registrar);
        registrar.Sub("tls.clientHello", () => new ClientHelloParser(fields, Transport.Tls));
        registrar.Sub("dtls.clientHello", () => new ClientHelloParser(fields, Transport.Dtls));
        registrar.Sub("quic.clientHello", () => new ClientHelloParser(fields, Transport.Quic));
        registrar.Sub("tls.serverHello", () => new ServerHelloParser(fields));
        ParserKind<TlsParser> kind = registrar.Parser("tls", static () => new TlsParser());
        registrar.Tcp("tls", 0, [0x16, 0x03], (session, _, bytes) => Classify(session, bytes, kind));
    }

    /// <summary>The first record must begin with a hello of either side.</summary>
    private static void Classify(Session session, ReadOnlySpan<byte> bytes, ParserKind<TlsParser> kind)
    {
        if (
            bytes is not [_, _, <= 3, _, _, HandshakeMessage.ClientHello or HandshakeMessage.ServerHello, ..]
            || session.HasProtocol("tls"u8)
        )
            return;
        session.AddProtocol("tls"u8);
        session.Add(kind);
    }
}

/// <summary>Takes records and messages apart until what follows is encrypted.</summary>
internal sealed class TlsParser : SessionParser
{
    private const byte ChangeCipherSpec = 20;
    private const byte Handshake = 22;
    private const int RecordHeader = 5;

    /// <summary>2^14 bytes, and what old implementations let compression and encryption add.</summary>
    private const int LongestRecord = 16_384 + 2_048;

    /// <summary>A chain of certificates takes some kilobytes; nothing else that is read is as long.</summary>
    private const int LongestMessage = 128 * 1024;

    private readonly End _client = new();
    private readonly End _server = new();

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        End end = Of(data.Side);
        if (data.GapBefore > 0)
        {
            Flush(session, data.Side);
            return Parsed.SideDone;
        }
        ReadOnlySpan<byte> rest = end.Records.Join(session, data.Bytes);
        while (rest.Length >= RecordHeader)
        {
            var header = new PacketReader(rest);
            byte type = header.U8();
            byte major = header.U8();
            header.Skip(1);
            int length = header.U16();
            if (type is not (Handshake or ChangeCipherSpec) || major != 3 || length > LongestRecord)
                return Done(session, end);
            if (length > header.Remaining)
                break;
            ReadOnlySpan<byte> payload = header.Take(length);
            if (type == ChangeCipherSpec)
                end.IsCiphered = true;
            else if ((end.IsCiphered && !IsHello(payload)) || !ParseMessages(session, data.Side, payload))
                return Done(session, end);
            rest = rest[(RecordHeader + length)..];
        }
        return end.Records.Keep(session, rest) ? Parsed.KeepGoing : Done(session, end);
    }

    /// <inheritdoc/>
    public override void Save(Session session, bool final)
    {
        if (!final)
            return;
        Flush(session, Side.Client);
        Flush(session, Side.Server);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
    }

    /// <summary>
    /// After ChangeCipherSpec all is encrypted, unless TLS 1.3 says it for looks between two hellos (RFC 8446 appendix D.4): a hello alone in its
    /// record shows by its length.
    /// </summary>
    private static bool IsHello(ReadOnlySpan<byte> payload)
    {
        var reader = new PacketReader(payload);
        return reader.U8() is HandshakeMessage.ClientHello or HandshakeMessage.ServerHello && reader.U24() == (uint)reader.Remaining;
    }

    private End Of(Side side) => side == Side.Client ? _client : _server;

    private static Parsed Done(Session session, End end)
    {
        end.Free(session);
        return Parsed.SideDone;
    }

    /// <summary>Takes the messages of a record; one may begin in the record before.</summary>
    /// <returns>Whether more is to be expected of this side.</returns>
    private bool ParseMessages(Session session, Side side, ReadOnlySpan<byte> payload)
    {
        StreamBuffer kept = Of(side).Messages;
        ReadOnlySpan<byte> rest = kept.Join(session, payload);
        while (rest.Length >= HandshakeMessage.HeaderLength)
        {
            var reader = new PacketReader(rest);
            byte type = reader.U8();
            int length = (int)reader.U24();
            if (length > LongestMessage - HandshakeMessage.HeaderLength)
                return false;
            if (length > reader.Remaining)
                break;
            if (!ParseMessage(session, side, type, reader.Take(length)))
                return false;
            rest = reader.Rest;
        }
        return kept.Keep(session, rest);
    }

    /// <returns>Whether more is to be expected of this side.</returns>
    private bool ParseMessage(Session session, Side side, byte type, ReadOnlySpan<byte> body)
    {
        End end = Of(side);
        switch (type)
        {
            case HandshakeMessage.ClientHello:
                end.IsTlsClient = true;
                session.Sub("tls.clientHello")?.Parse(session, side, body);
                return true;
            case HandshakeMessage.ServerHello:
                session.Sub("tls.serverHello")?.Parse(session, side, body);
                return true;
            case HandshakeMessage.Certificate when !end.IsTlsClient:
                HandshakeMessage.ParseCertificates(session, side, body);
                return true;
            default:
                // What the client says next is keys; of its own certificate nothing is taken.
                return !end.IsTlsClient && type != HandshakeMessage.ServerHelloDone;
        }
    }

    /// <summary>The stream ends inside of a message: of a message of certificates what came is taken.</summary>
    private void Flush(Session session, Side side)
    {
        End end = Of(side);
        ReadOnlySpan<byte> record = end.Records.Bytes;
        if (record.Length > RecordHeader && record[0] == Handshake && !end.Messages.TryAppend(session, record[RecordHeader..]))
            return;
        var reader = new PacketReader(end.Messages.Bytes);
        while (reader.Remaining >= HandshakeMessage.HeaderLength)
        {
            byte type = reader.U8();
            int length = (int)reader.U24();
            bool whole = length <= reader.Remaining;
            if (!whole && type != HandshakeMessage.Certificate)
                break;
            if (!ParseMessage(session, side, type, reader.Take(Math.Min(length, reader.Remaining))))
                break;
        }
        end.Free(session);
    }

    /// <summary>What is kept of one side.</summary>
    private sealed class End
    {
        public readonly StreamBuffer Records = new(RecordHeader + LongestRecord);
        public readonly StreamBuffer Messages = new(LongestMessage);

        /// <summary>Whether it sent a ClientHello. It need not be the side that began: captures may miss the beginning.</summary>
        public bool IsTlsClient;

        /// <summary>Whether it said ChangeCipherSpec.</summary>
        public bool IsCiphered;

        public void Free(Session session)
        {
            Records.Free(session);
            Messages.Free(session);
            IsTlsClient = IsCiphered = false;
        }
    }
}
