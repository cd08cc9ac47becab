using FlowPipe.Abstractions;
using FlowPipe.Parsers.Quic;

namespace FlowPipe.Parsers;

/// <summary>
/// QUIC as Google made it, before the IETF did (versions Q024 to Q048), whose hello is in the clear; and Facebook's zero protocol, which sends
/// the same hello over TCP. Q050 has the IETF's packets: <see cref="QuicPlugin"/>.
/// <code>
/// Q024 to Q043: | flags (1) 01 version 02 reset 08 id 30 number's length | id (8) | version (4) | number (1, 2, 4, 6) | hash (12) |
///               before Q034: flags (1) | STREAM frame: 1fdooossB, stream (1 to 4), offset (0, 2 to 8), d: length (2) | CHLO
/// Q046 to Q048: | 11… | version (4) | … | CHLO
/// zero:         | "1QTV" | 3 bytes, of which the last two are the hello's length, least significant first | … | at 9: CHLO
/// </code>
/// </summary>
public sealed class GoogleQuicPlugin : IFlowPipePlugin
{
    /// <summary>A hello fills its packet, so that servers cannot be made to answer more than they were asked.</summary>
    private const int LeastHello = 100;

    /// <inheritdoc/>
    public string Name => "gquic";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new ChloFields(registrar);
        ParserKind<ZeroProtocolParser> zero = registrar.Parser("fbzero", () => new ZeroProtocolParser(fields));
        Classifier publicHeader = (session, _, bytes) =>
        {
            if (bytes.Length > LeastHello && (bytes[0] & 0x83) == 0x01)
                ParsePublicHeader(session, fields, bytes);
        };
        registrar.Udp("gquic", 9, "Q02"u8, publicHeader);
        registrar.Udp("gquic", 9, "Q03"u8, publicHeader);
        registrar.Udp("gquic", 9, "Q04"u8, publicHeader);
        registrar.Udp("quic", 9, "PRST"u8);
        registrar.Udp(
            "gquic",
            1,
            "Q04"u8,
            (session, _, bytes) =>
            {
                // Where it stands depends on lengths that no document describes.
                if (bytes.Length > LeastHello && (bytes[0] & 0xC0) == 0xC0 && bytes.IndexOf("CHLO"u8) is >= 0 and var at)
                    ChloMessage.AddTo(session, fields, bytes[at..]);
            }
        );
        registrar.Tcp(
            "fbzero",
            0,
            "1QTV"u8,
            (session, side, bytes) =>
            {
                if (side == Side.Client && bytes.Length > 13)
                    session.Add(zero);
            }
        );
    }

    private static void ParsePublicHeader(Session session, ChloFields fields, ReadOnlySpan<byte> datagram)
    {
        var reader = new PacketReader(datagram);
        byte flags = reader.U8();
        reader.Skip((flags & 0x08) != 0 ? 8 : 0);
        ReadOnlySpan<byte> version = reader.Take(4);
        if (version is not [(byte)'Q', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9', >= (byte)'0' and <= (byte)'9'])
            return;
        int number = ((version[1] - '0') * 100) + ((version[2] - '0') * 10) + version[3] - '0';
        int packetNumber = (flags >> 4) & 3;
        reader.Skip(packetNumber == 0 ? 1 : 2 * packetNumber);
        reader.Skip(number < 34 ? 13 : 12);
        byte frame = reader.U8();
        if (reader.Failed || (frame & 0x80) == 0)
            return;
        int offset = (frame >> 2) & 7;
        reader.Skip((frame & 3) + 1 + (offset == 0 ? 0 : offset + 1));
        int length = reader.Remaining;
        if ((frame & 0x20) != 0)
        {
            // Its bytes were put the other way round in Q039.
            ReadOnlySpan<byte> bytes = reader.Take(2);
            if (reader.Failed)
                return;
            length = number < 39 ? bytes[0] | (bytes[1] << 8) : (bytes[0] << 8) | bytes[1];
        }
        ChloMessage.AddTo(session, fields, reader.Rest[..Math.Min(length, reader.Remaining)]);
    }
}

/// <summary>Waits for the whole hello of Facebook's zero protocol.</summary>
internal sealed class ZeroProtocolParser(ChloFields fields) : SessionParser
{
    private const int Header = 9;
    private readonly StreamBuffer _kept = new(4096);

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.Side == Side.Server)
            return Parsed.SideDone;
        ReadOnlySpan<byte> all = _kept.Join(session, data.Bytes);
        var reader = new PacketReader(all);
        reader.Skip(5);
        int length = reader.U16Le();
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        if (reader.Failed || all.Length < Header + length)
            return !data.End && _kept.Keep(session, all) ? Parsed.KeepGoing : Parsed.Unregister;
        if (ChloMessage.AddTo(session, fields, all.Slice(Header, length)))
            session.AddProtocol("fbzero"u8);
        return Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session) => _kept.Free(session);
}
