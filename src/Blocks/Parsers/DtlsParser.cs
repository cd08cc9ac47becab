using FlowPipe.Abstractions;
using FlowPipe.Parsers.Tls;

namespace FlowPipe.Parsers;

/// <summary>
/// DTLS (RFC 6347, RFC 9147) and Cisco's dialect of its first draft (version 0100): what hellos and certificates say.
/// <code>
/// record:  | type (1) 16 = handshake | version (2) | epoch (2) | number (6) | length (2) | fragments
/// message: | type (1) | length (3) | sequence (2) | fragment's offset (3) | fragment's length (3) | …
/// </code>
/// It is also looked for in sessions that begin with STUN (RFC 7983: the first byte tells them apart).
/// </summary>
public sealed class DtlsPlugin : IFlowPipePlugin
{
    /// <summary>Arkime takes no shorter datagram for a ClientHello.</summary>
    private const int ArkimesLeast = 100;

    /// <inheritdoc/>
    public string Name => "dtls";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        bool all = HelloFields.DatagramSetting(registrar);
        ParserKind<DtlsParser> kind = registrar.Parser("dtls", () => new DtlsParser(all));
        Classifier classify = (session, _, bytes) => Classify(session, bytes, all, kind);
        registrar.Udp("dtls", 0, [DtlsParser.Handshake, 0x01, 0x00], classify);
        registrar.Udp("dtls", 0, [DtlsParser.Handshake, 0xFE, 0xFF], classify);
        registrar.Udp("dtls", 0, [DtlsParser.Handshake, 0xFE, 0xFE], classify);
        registrar.Udp("dtls", 0, [DtlsParser.Handshake, 0xFE, 0xFD], classify);
        if (!all)
            return;
        // STUN's magic cookie (RFC 8489 section 5): DTLS may follow
        registrar.Udp("dtls", 4, [0x21, 0x12, 0xA4, 0x42], (session, _, _) => session.Add(kind));
    }

    private static void Classify(Session session, ReadOnlySpan<byte> bytes, bool all, ParserKind<DtlsParser> kind)
    {
        if (bytes.Length <= DtlsParser.RecordHeader)
            return;
        byte type = bytes[DtlsParser.RecordHeader];
        bool taken = all
            ? type is HandshakeMessage.ClientHello or HandshakeMessage.ServerHello or DtlsParser.HelloVerifyRequest
            : type == HandshakeMessage.ClientHello && bytes.Length >= ArkimesLeast;
        if (!taken)
            return;
        session.AddProtocol("dtls"u8);
        session.Add(kind);
    }
}

/// <summary>Puts fragments together and takes messages apart until what follows is encrypted.</summary>
internal sealed class DtlsParser(bool all) : SessionParser
{
    public const byte Handshake = 22;
    public const byte HelloVerifyRequest = 3;
    public const int RecordHeader = 13;
    private const byte ChangeCipherSpec = 20;
    private const byte Alert = 21;
    private const int MessageHeader = 12;
    private const int LongestMessage = 64 * 1024;

    /// <summary>Datagrams of other protocols that are passed over before it gives up.</summary>
    private const int MostOthers = 100;

    private readonly End _client = new();
    private readonly End _server = new();
    private int _others;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        var reader = new PacketReader(data.Bytes);
        if (data.Bytes.Length < RecordHeader || data.Bytes[0] is < ChangeCipherSpec or >= 64)
            return ++_others > MostOthers ? Parsed.Unregister : Parsed.KeepGoing;
        while (reader.Remaining >= RecordHeader)
        {
            byte type = reader.U8();
            ushort version = reader.U16();
            ushort epoch = reader.U16();
            reader.Skip(6);
            ReadOnlySpan<byte> payload = reader.Take(reader.U16());
            if (reader.Failed || !IsVersion(version))
                break;
            if (epoch > 0 || type is not (Handshake or Alert))
            {
                // From here on it is encrypted.
                Of(data.Side).Free(session);
                return Parsed.SideDone;
            }
            if (type == Handshake)
                ParseFragments(session, data.Side, payload);
        }
        return Parsed.KeepGoing;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _others = 0;
    }

    private End Of(Side side) => side == Side.Client ? _client : _server;

    private static bool IsVersion(ushort version) => version is >= 0xFEFC and <= 0xFEFF or 0x0100;

    private void ParseFragments(Session session, Side side, ReadOnlySpan<byte> payload)
    {
        var reader = new PacketReader(payload);
        while (reader.Remaining >= MessageHeader)
        {
            byte type = reader.U8();
            int length = (int)reader.U24();
            ushort sequence = reader.U16();
            int offset = (int)reader.U24();
            ReadOnlySpan<byte> fragment = reader.Take((int)reader.U24());
            if (reader.Failed)
                return;
            if (fragment.Length == length)
                ParseMessage(session, side, type, fragment);
            else
                AddFragment(session, side, new Message(type, length, sequence), offset, fragment);
        }
    }

    /// <summary>One message is put together at a time: a sender begins the next when the one before was sent.</summary>
    private void AddFragment(Session session, Side side, Message message, int offset, ReadOnlySpan<byte> fragment)
    {
        if (message.Type is not (HandshakeMessage.ClientHello or HandshakeMessage.ServerHello or HandshakeMessage.Certificate))
            return;
        End end = Of(side);
        if (end.Message != message)
        {
            end.Free(session);
            end.Message = message;
        }
        if (message.Length > LongestMessage || offset + fragment.Length > message.Length || !end.Fragments.Add(session, offset, fragment))
            return;
        if (end.Fragments.Whole.Length < message.Length)
            return;
        ParseMessage(session, side, message.Type, end.Fragments.Whole);
        end.Free(session);
    }

    private void ParseMessage(Session session, Side side, byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case HandshakeMessage.ClientHello:
                session.AddProtocol("dtls"u8);
                session.Sub("dtls.clientHello")?.Parse(session, side, body);
                break;
            case HandshakeMessage.ServerHello when all:
                session.AddProtocol("dtls"u8);
                session.Sub("tls.serverHello")?.Parse(session, side, body);
                break;
            case HandshakeMessage.Certificate:
                HandshakeMessage.ParseCertificates(session, side, body);
                break;
        }
    }

    /// <summary>The message whose fragments are put together.</summary>
    private readonly record struct Message(byte Type, int Length, ushort Sequence);

    /// <summary>What is kept of one side.</summary>
    private sealed class End
    {
        public readonly FragmentBuffer Fragments = new(LongestMessage);
        public Message Message;

        public void Free(Session session)
        {
            Fragments.Free(session);
            Message = default;
        }
    }
}
