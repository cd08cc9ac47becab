using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// The Precision Time Protocol, version 2 (IEEE 1588-2008 section 13.3), a message a datagram.
/// <code>
/// | profile (4 bits) type (4) | 0 (4 bits) version (4) | length (2) | domain (1) | 0 (1) | flags (2) | correction (8) | 0 (4) |
/// | clock's identity (8) | port (2) | sequence (2) | control (1) | interval (1) | …
/// </code>
/// </summary>
public sealed class PtpPlugin : IFlowPipePlugin
{
    private const ushort EventPort = 319;
    private const ushort GeneralPort = 320;

    /// <inheritdoc/>
    public string Name => "ptp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField type = registrar.Field("ptp.msgType");
        SpiField clock = registrar.Field("ptp.clockId");
        ParserKind<PtpParser> kind = registrar.Parser("ptp", () => new PtpParser(type, clock));
        Classifier classify = (session, _, bytes) =>
        {
            if (!PtpParser.IsMessage(bytes) || (bytes[1] & 0xF) != 2 || PtpParser.NameOf(bytes[0]).IsEmpty)
                return;
            session.AddProtocol("ptp"u8);
            session.Add(kind);
        };
        registrar.Port("ptp", SessionType.Udp, EventPort, null, classify);
        registrar.Port("ptp", SessionType.Udp, GeneralPort, null, classify);
    }
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class PtpParser(SpiField type, SpiField clock) : SessionParser
{
    private const int HeaderLength = 34;
    private const int ClockOffset = 20;
    private const int ClockLength = 8;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (!IsMessage(data.Bytes))
            return Parsed.KeepGoing;
        ReadOnlySpan<byte> name = NameOf(data.Bytes[0]);
        if (!name.IsEmpty)
            session.Fields.Add(type, name);
        Span<byte> text = stackalloc byte[(3 * ClockLength) - 1];
        for (int i = 0; i < ClockLength; i++)
        {
            Hex.Write(data.Bytes.Slice(ClockOffset + i, 1), text[(3 * i)..]);
            if (i > 0)
                text[(3 * i) - 1] = (byte)':';
        }
        session.Fields.Add(clock, text);
        return Parsed.KeepGoing;
    }

    /// <summary>Whether there is a whole message.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderLength
        && BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) is >= HeaderLength and var length
        && length <= bytes.Length;

    /// <summary>The name of a message's type; empty for those that are reserved.</summary>
    public static ReadOnlySpan<byte> NameOf(byte first) =>
        (first & 0xF) switch
        {
            0x0 => "sync"u8,
            0x1 => "delay-req"u8,
            0x2 => "pdelay-req"u8,
            0x3 => "pdelay-resp"u8,
            0x8 => "follow-up"u8,
            0x9 => "delay-resp"u8,
            0xA => "pdelay-resp-follow-up"u8,
            0xB => "announce"u8,
            0xC => "signaling"u8,
            0xD => "management"u8,
            _ => default,
        };
}
