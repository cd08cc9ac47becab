using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// The Network Time Protocol (RFC 5905 section 7.3).
/// <code>
/// | leap (2 bits) | version (3) | mode (3) | stratum (1) | poll (1) | precision (1) | root delay (4) | root dispersion (4) |
/// | reference id (4) | four timestamps (8 each) | …
/// </code>
/// </summary>
public sealed class NtpPlugin : IFlowPipePlugin
{
    private const ushort Port = 123;
    private const int GreatestStratum = 16;

    /// <inheritdoc/>
    public string Name => "ntp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField version = registrar.Field("ntp.version");
        SpiField mode = registrar.Field("ntp.mode");
        SpiField stratum = registrar.Field("ntp.stratum");
        SpiField reference = registrar.Field("ntp.ref-id");
        ParserKind<NtpParser> kind = registrar.Parser("ntp", () => new NtpParser(version, mode, stratum, reference));
        registrar.Port(
            "ntp",
            SessionType.Udp,
            Port,
            null,
            (session, _, bytes) =>
            {
                if (bytes.Length < NtpParser.Shortest || bytes[1] > GreatestStratum || !IsUsual(bytes[0]))
                    return;
                session.AddProtocol("ntp"u8);
                session.Add(kind);
            }
        );
    }

    /// <summary>Whether version and mode are in use: versions 1 to 4, any mode but the reserved one.</summary>
    private static bool IsUsual(byte first) => ((first >> 3) & 7) is >= 1 and <= 4 && (first & 7) != 0;
}

/// <summary>Parses a packet a datagram.</summary>
internal sealed class NtpParser(SpiField version, SpiField mode, SpiField stratum, SpiField reference) : SessionParser
{
    /// <summary>A packet without extensions.</summary>
    public const int Shortest = 48;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        var reader = new PacketReader(data.Bytes);
        if (reader.Remaining < Shortest)
            return Parsed.KeepGoing;
        byte first = reader.U8();
        byte level = reader.U8();
        reader.Skip(10);
        SpiFields to = session.Fields;
        to.Add(version, (first >> 3) & 7);
        to.Add(mode, ModeName(first & 7));
        ReadOnlySpan<byte> name = StratumName(level);
        if (!name.IsEmpty)
            to.Add(stratum, name);
        if (level <= 15)
            AddReference(to, reader.Take(4), isClock: level <= 1);
        return Parsed.KeepGoing;
    }

    /// <summary>A clock's name of up to four characters; from other servers, an address or a hash of one.</summary>
    private void AddReference(SpiFields to, ReadOnlySpan<byte> id, bool isClock)
    {
        ReadOnlySpan<byte> name = id.TrimEnd("\0 "u8);
        if (isClock && name.IsEmpty)
            return;
        if (isClock && name.IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0)
            to.Add(reference, name);
        else
            to.AddHex(reference, id);
    }

    private static ReadOnlySpan<byte> ModeName(int number) =>
        number switch
        {
            0 => "reserved"u8,
            1 => "symmetric-active"u8,
            2 => "symmetric-passive"u8,
            3 => "client"u8,
            4 => "server"u8,
            5 => "broadcast"u8,
            6 => "control"u8,
            _ => "private"u8,
        };

    private static ReadOnlySpan<byte> StratumName(int number) =>
        number switch
        {
            0 => "unspecified"u8,
            1 => "primary"u8,
            <= 15 => "secondary"u8,
            16 => "unsynchronized"u8,
            _ => default,
        };
}
