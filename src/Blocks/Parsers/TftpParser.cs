using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// The Trivial File Transfer Protocol (RFC 1350 section 5), as far as it goes over its port: servers answer from another.
/// <code>
/// | opcode (2): 1 read, 2 write, 3 data, 4 acknowledgement, 5 error | of 1 and 2: file name | 00 | mode | 00 | …
/// </code>
/// </summary>
public sealed class TftpPlugin : IFlowPipePlugin
{
    private const ushort Port = 69;

    /// <inheritdoc/>
    public string Name => "tftp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField opcode = registrar.Field("tftp.opcode");
        SpiField fileName = registrar.Field("tftp.filename");
        ParserKind<TftpParser> kind = registrar.Parser("tftp", () => new TftpParser(opcode, fileName));
        registrar.Port(
            "tftp",
            SessionType.Udp,
            Port,
            null,
            (session, _, bytes) =>
            {
                if (!TftpParser.IsMessage(bytes))
                    return;
                session.AddProtocol("tftp"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class TftpParser(SpiField opcode, SpiField fileName) : SessionParser
{
    private const int Shortest = 4;

    /// <summary>Whether it has an opcode that there is, and its strings an end.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Shortest && bytes[0] == 0 && bytes[1] is >= 1 and <= 5 && (bytes[1] > 2 || bytes[2..].Contains((byte)0));

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        var reader = new PacketReader(data.Bytes);
        if (reader.Remaining < Shortest)
            return Parsed.KeepGoing;
        ushort number = reader.U16();
        ReadOnlySpan<byte> name = OpcodeName(number);
        if (!name.IsEmpty)
            session.Fields.Add(opcode, name);
        if (number is not (1 or 2))
            return Parsed.KeepGoing;
        ReadOnlySpan<byte> file = reader.Rest.UpToNul();
        if (!file.IsEmpty)
            session.Fields.AddText(fileName, file, TextEncoding.Utf8OrLatin1);
        return Parsed.KeepGoing;
    }

    private static ReadOnlySpan<byte> OpcodeName(ushort number) =>
        number switch
        {
            1 => "rrq"u8,
            2 => "wrq"u8,
            3 => "data"u8,
            4 => "ack"u8,
            5 => "error"u8,
            _ => default,
        };
}
