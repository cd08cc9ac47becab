using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Oracle's TNS: the client's connect packet, of which Oracle does not publish the form.
/// <code>
/// | length (2) | checksum 0 (2) | type 1 | 0 (1) | checksum 0 (2) | version (2) … (14) | length of descriptor (2) | its offset (2) | … | descriptor |
/// descriptor: (DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=…)(CID=(PROGRAM=…)(HOST=…)(USER=…)))(ADDRESS=(PROTOCOL=TCP)(HOST=…)(PORT=…)))
/// </code>
/// </summary>
public sealed class OraclePlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "oracle";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new OracleFields(registrar);
        ParserKind<OracleParser> kind = registrar.Parser("oracle", () => new OracleParser(fields));
        registrar.Tcp(
            "oracle",
            2,
            [0, 0, 1, 0, 0, 0],
            (session, side, bytes) =>
            {
                if (side == Side.Client && bytes.Length >= OracleParser.HeaderLength && OracleParser.IsConnect(bytes))
                    session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class OracleFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("oracle.user");
    public SpiField Host { get; } = registrar.Field("oracle.host");
    public SpiField Service { get; } = registrar.Field("oracle.service");
}

/// <summary>Parses the connect packet.</summary>
internal sealed class OracleParser(OracleFields fields) : MessageParser(Longest)
{
    public const int HeaderLength = 28;
    private const int DescriptorLength = 24;
    private const int DescriptorOffset = 26;
    private const int Longest = 8 * 1024;

    /// <summary>Whether the descriptor is what ends the packet.</summary>
    public static bool IsConnect(ReadOnlySpan<byte> bytes)
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        int descriptor = BinaryPrimitives.ReadUInt16BigEndian(bytes[DescriptorLength..]);
        int offset = BinaryPrimitives.ReadUInt16BigEndian(bytes[DescriptorOffset..]);
        return offset >= HeaderLength && offset + descriptor == length;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        return IsConnect(bytes) ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : Malformed;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (side != Side.Client)
            return false;
        session.AddProtocol("oracle"u8);
        ReadOnlySpan<byte> descriptor = message[BinaryPrimitives.ReadUInt16BigEndian(message[DescriptorOffset..])..];
        AddItem(session.Fields, fields.Host, descriptor, "HOST="u8);
        AddItem(session.Fields, fields.User, descriptor, "USER="u8);
        AddItem(session.Fields, fields.Service, descriptor, "SERVICE_NAME="u8);
        return false;
    }

    private static void AddItem(SpiFields values, SpiField field, ReadOnlySpan<byte> descriptor, ReadOnlySpan<byte> name)
    {
        int at = descriptor.IndexOf(name);
        if (at < 0)
            return;
        ReadOnlySpan<byte> value = descriptor[(at + name.Length)..];
        int end = value.IndexOf((byte)')');
        if (end > 0)
            values.AddLower(field, value[..end]);
    }
}
