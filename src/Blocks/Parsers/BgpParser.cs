using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// BGP-4 (RFC 4271 section 4.1).
/// <code>
/// | marker, all ones (16) | length (2), these 19 included | type (1) | …
/// </code>
/// </summary>
public sealed class BgpPlugin : IFlowPipePlugin
{
    private const ushort Port = 179;

    /// <inheritdoc/>
    public string Name => "bgp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField type = registrar.Field("bgp.type");
        ParserKind<BgpParser> kind = registrar.Parser("bgp", () => new BgpParser(type));
        registrar.Port(
            "bgp",
            SessionType.Tcp,
            Port,
            Side.Server,
            (session, _, bytes) =>
            {
                if (!BgpParser.IsMessage(bytes))
                    return;
                session.AddProtocol("bgp"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Parses messages for their types.</summary>
internal sealed class BgpParser(SpiField type) : MessageParser(Longest)
{
    private const int HeaderLength = 19;
    private const int MarkerLength = 16;
    private const int Longest = 4096;

    /// <summary>Whether a message begins here.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderLength && bytes[..MarkerLength].IndexOfAnyExcept((byte)0xFF) < 0;

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[MarkerLength..]);
        return IsMessage(bytes) && length is >= HeaderLength and <= Longest ? length : Malformed;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> name = message[MarkerLength + 2] switch
        {
            1 => "OPEN"u8,
            2 => "UPDATE"u8,
            3 => "NOTIFICATION"u8,
            4 => "KEEPALIVE"u8,
            _ => default,
        };
        if (!name.IsEmpty)
            session.Fields.Add(type, name);
        return true;
    }
}
