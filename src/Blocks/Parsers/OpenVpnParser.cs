using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// OpenVPN's control channel (OpenVPN's documentation, "Wire protocol"): it is known by the client's hard reset; the TLS in its control packets
/// is read as TLS. Over TCP each packet has its length (2) before it.
/// <code>
/// | opcode (5 bits) key (3) | session (8) | with tls-auth: HMAC (16, 20, 32, 64) packet (4) time (4) |
/// | acknowledged (1) | their ids (4 each) | with any: remote session (8) | message (4) | TLS |
/// opcodes: 4 control, 6 and 9 data, 7 hard reset of the client, 8 of the server
/// </code>
/// </summary>
public sealed class OpenVpnPlugin : IFlowPipePlugin
{
    private static readonly byte[] ResetLengths = [14, 38, 42, 54, 86];

    /// <inheritdoc/>
    public string Name => "openvpn";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        ParserKind<OpenVpnParser> kind = registrar.Parser("openvpn", static () => new OpenVpnParser());
        registrar.Udp("openvpn", 0, [OpenVpnParser.ClientReset], (session, _, bytes) => Start(session, kind, bytes));
        foreach (byte length in ResetLengths)
        {
            registrar.Tcp(
                "openvpn",
                0,
                [0, length, OpenVpnParser.ClientReset],
                (session, _, bytes) =>
                {
                    if (bytes.Length >= 2 + bytes[1])
                        Start(session, kind, bytes.Slice(2, bytes[1]));
                }
            );
        }
    }

    private static void Start(Session session, ParserKind<OpenVpnParser> kind, ReadOnlySpan<byte> reset)
    {
        int hmac = OpenVpnParser.HmacLengthOf(reset);
        if (hmac < 0)
            return;
        session.AddProtocol("openvpn"u8);
        session.Add(kind)?.Begin(hmac);
    }
}

/// <summary>Parses packets until there are data.</summary>
internal sealed class OpenVpnParser : MessageParser
{
    public const byte ClientReset = 0x38;
    private const int Control = 4;
    private const int DataV1 = 6;
    private const int DataV2 = 9;
    private const int SessionLength = 8;
    private const int LengthLength = 2;
    private const int MostPackets = 256;
    private const int Longest = 8 * 1024;

    private readonly TlsParser _tls = new();
    private int _hmac;
    private int _packets;
    private uint _clientNext;
    private uint _serverNext;
    private bool _clientDone;
    private bool _serverDone;

    public OpenVpnParser()
        : base(Longest) { }

    /// <summary>The length of the HMAC in a client's hard reset, 0 without one; −1 when it is none.</summary>
    public static int HmacLengthOf(ReadOnlySpan<byte> packet)
    {
        // No acknowledgements, and it is message 0.
        if (packet.Length < 14 || packet[0] != ClientReset || packet[^5..].IndexOfAnyExcept((byte)0) >= 0)
            return -1;
        return packet.Length switch
        {
            14 => 0,
            38 => 16,
            42 => 20,
            54 => 32,
            86 => 64,
            _ => -1,
        };
    }

    /// <summary>Before the first packet.</summary>
    /// <param name="hmacLength">Length of the HMAC in each packet; 0 for none.</param>
    public void Begin(int hmacLength) => _hmac = hmacLength;

    /// <inheritdoc/>
    public override void Save(Session session, bool final) => _tls.Save(session, final);

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _tls.Free(session);
        _packets = 0;
        _clientNext = _serverNext = 0;
        _clientDone = _serverDone = false;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthLength)
            return Incomplete;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        return length == 0 ? Malformed : LengthLength + length;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (++_packets > MostPackets)
            return false;
        if (session.Protocol.Type == SessionType.Tcp)
            message = message[LengthLength..];
        var reader = new PacketReader(message);
        int opcode = reader.U8() >> 3;
        if (opcode is DataV1 or DataV2)
            return false;
        if (opcode != Control)
            return true;
        reader.Skip(SessionLength + (_hmac > 0 ? _hmac + 8 : 0));
        int acknowledged = reader.U8();
        reader.Skip((4 * acknowledged) + (acknowledged > 0 ? SessionLength : 0));
        uint id = reader.U32();
        if (reader.Failed)
            return false;
        return Read(session, side, id, reader.Rest);
    }

    /// <summary>Messages come in order but for those that are repeated; one that is missing ends its side.</summary>
    private bool Read(Session session, Side side, uint id, ReadOnlySpan<byte> tls)
    {
        ref uint next = ref side == Side.Client ? ref _clientNext : ref _serverNext;
        ref bool done = ref side == Side.Client ? ref _clientDone : ref _serverDone;
        if (next == 0)
            next = 1; // after the reset
        if (done || id < next || tls.IsEmpty)
            return true;
        done = id != next || _tls.Parse(session, new StreamData(side, tls, 0)) != Parsed.KeepGoing;
        next++;
        return !_clientDone || !_serverDone;
    }
}
