using System.Buffers;
using FlowPipe.Abstractions;
using FlowPipe.Parsers.Quic;
using FlowPipe.Parsers.Tls;

namespace FlowPipe.Parsers;

/// <summary>
/// QUIC (RFC 9000, RFC 9001, RFC 9369): the hellos of TLS in its first packets, which are encrypted with keys that everybody can derive.
/// <code>
/// | 1 1 type (2) 0 0 number's length (2) | version (4) | length (1), destination id | length (1), source id |
/// Initial:  | length (v), token | length (v) | packet number (1 to 4) | frames | tag (16) |      several packets in one datagram
/// CRYPTO:   | 06 | offset (v) | length (v) | data |                       v: 1, 2, 4 or 8 bytes by the first two bits
/// </code>
/// </summary>
public sealed class QuicPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "quic";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        bool all = HelloFields.DatagramSetting(registrar);
        var chlo = new ChloFields(registrar);
        ParserKind<QuicParser> kind = registrar.Parser("quic", () => new QuicParser(all, chlo));
        Classifier classify = (session, _, bytes) =>
        {
            if (QuicPacket.IsLong(bytes))
                session.Add(kind);
        };
        foreach (uint version in QuicVersion.Arkimes)
            registrar.Udp("quic", 1, [(byte)(version >> 24), (byte)(version >> 16), (byte)(version >> 8), (byte)version], classify);
        registrar.Udp("quic", 1, "Q05"u8, classify);
        if (!all)
            return;
        registrar.Udp("quic", 1, [0x70, 0x9A, 0x50, 0xC4], classify);
        registrar.Udp("quic", 1, [0xFF, 0x00, 0x00], classify);
        registrar.Udp("quic", 1, [0xFA, 0xCE, 0xB0], classify);
        registrar.Udp("quic", 1, "T05"u8, classify);
        for (int reserved = 0x0A; reserved <= 0xFA; reserved += 0x10)
            registrar.Udp("quic", 1, [(byte)reserved], classify);
    }
}

/// <summary>Decrypts Initial packets of both sides, and puts the handshake together from their CRYPTO frames.</summary>
internal sealed class QuicParser(bool all, ChloFields chlo) : SessionParser
{
    /// <summary>Datagrams after which a handshake that is not through will not be.</summary>
    private const int MostDatagrams = 60;

    /// <summary>A hello with post-quantum keys takes 2 KB.</summary>
    private const int LongestHandshake = 32 * 1024;

    private readonly InitialKeys _keys = new();
    private readonly End _client = new();
    private readonly End _server = new();
    private bool _done;
    private int _datagrams;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        ReadOnlySpan<byte> rest = data.Bytes;
        while (!_done && QuicPacket.TryRead(ref rest, out QuicPacket packet))
        {
            if (packet.IsInitial)
                ParseInitial(session, data.Side, in packet);
        }
        return _done || ++_datagrams >= MostDatagrams ? Parsed.Unregister : Parsed.KeepGoing;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _keys.Clear();
        _client.Free(session);
        _server.Free(session);
        _done = false;
        _datagrams = 0;
    }

    private void ParseInitial(Session session, Side side, in QuicPacket packet)
    {
        byte[] plain = ArrayPool<byte>.Shared.Rent(packet.Body.Length);
        if (!TryKnownKeys(session, side, in packet, plain))
            TryNewKeys(session, side, in packet, plain);
        ArrayPool<byte>.Shared.Return(plain);
    }

    private bool TryKnownKeys(Session session, Side side, in QuicPacket packet, byte[] plain)
    {
        if (!_keys.Derived || _keys.Version != packet.Version)
            return false;
        return TryDecrypt(session, side, in packet, plain);
    }

    /// <summary>
    /// The client's first packet makes the keys; after a Retry it begins anew, with other keys. Who sent it is taken to be the client, whatever
    /// side it is, because captures may miss the beginning.
    /// </summary>
    private void TryNewKeys(Session session, Side side, in QuicPacket packet, byte[] plain)
    {
        if (_keys.IsOf(packet.Version, packet.DestinationId))
            return;
        if (_keys.Derived && !Of(side).IsClient)
            return;
        if (!_keys.Derive(packet.Version, packet.DestinationId))
            return;
        Of(side).Free(session);
        Of(side).IsClient = true;
        if (!TryDecrypt(session, side, in packet, plain))
            _keys.Clear();
    }

    private End Of(Side side) => side == Side.Client ? _client : _server;

    private bool TryDecrypt(Session session, Side side, in QuicPacket packet, byte[] plain)
    {
        End end = Of(side);
        long largest = end.LargestNumber;
        int length = _keys.Decrypt(end.IsClient, packet.First, packet.Body, ref largest, plain);
        if (length <= 0 || !FramesAreWhole(plain.AsSpan(0, length), out bool hasCrypto))
            return false;
        end.LargestNumber = largest;
        if (hasCrypto)
        {
            session.AddProtocol("quic"u8);
            TakeCrypto(session, end, plain.AsSpan(0, length));
            ParseMessages(session, side, end);
        }
        return true;
    }

    /// <summary>Whether it is nothing but frames that Initial packets may have (RFC 9000 section 12.4): so keys that are not the packet's show.</summary>
    private bool FramesAreWhole(ReadOnlySpan<byte> frames, out bool hasCrypto)
    {
        hasCrypto = false;
        while (!frames.IsEmpty)
        {
            if (!QuicFrame.TryRead(ref frames, QuicVersion.IsGoogles(_keys.Version), out QuicFrame frame))
                return false;
            hasCrypto |= frame.IsCrypto;
        }
        return true;
    }

    private void TakeCrypto(Session session, End end, ReadOnlySpan<byte> frames)
    {
        while (QuicFrame.TryRead(ref frames, QuicVersion.IsGoogles(_keys.Version), out QuicFrame frame))
        {
            if (frame.IsCrypto)
                end.Handshake.Add(session, frame.Offset, frame.Data);
        }
    }

    private void ParseMessages(Session session, Side side, End end)
    {
        while (!_done && end.Handshake.Whole.Length - end.Parsed >= HandshakeMessage.HeaderLength)
        {
            var reader = new PacketReader(end.Handshake.Whole[end.Parsed..]);
            if (end.Parsed == 0 && reader.Rest.StartsWith("CHLO"u8))
            {
                // Q050: it is padded to the end of its packet, so all of it is there.
                ChloMessage.AddTo(session, chlo, reader.Rest);
                _done = true;
                return;
            }
            byte type = reader.U8();
            ReadOnlySpan<byte> body = reader.Take((int)reader.U24());
            if (reader.Failed)
                return; // not all of it yet
            end.Parsed += HandshakeMessage.HeaderLength + body.Length;
            ParseMessage(session, side, end, type, body);
        }
    }

    private void ParseMessage(Session session, Side side, End end, byte type, ReadOnlySpan<byte> body)
    {
        if (type == HandshakeMessage.ClientHello && end.IsClient)
        {
            session.Sub("quic.clientHello")?.Parse(session, side, body);
            _done = !all;
        }
        else if (type == HandshakeMessage.ServerHello && !end.IsClient)
        {
            if (all)
                session.Sub("tls.serverHello")?.Parse(session, side, body);
            _done = !HandshakeMessage.IsRetryRequest(body);
        }
    }

    /// <summary>What is known and kept of one side.</summary>
    private sealed class End
    {
        public readonly FragmentBuffer Handshake = new(LongestHandshake);
        public bool IsClient;
        public int Parsed;
        public long LargestNumber = -1;

        public void Free(Session session)
        {
            Handshake.Free(session);
            IsClient = false;
            Parsed = 0;
            LargestNumber = -1;
        }
    }
}
