using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// OPC UA's connection protocol (OPC 10000-6 section 7.1) and the opening of a secure channel (section 6.7.2).
/// <code>
/// | type (3): HEL ACK ERR RHE OPN CLO MSG | F, C or A | length (4) of all | content |
/// HEL: | version (4) | sizes (16) | endpoint |         OPN: | channel (4) | security policy | sender's certificate | …
/// </code>
/// Texts and bytes are | length (4), −1 for none | … |; numbers have their least significant byte first.
/// </summary>
public sealed class OpcuaPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "opcua";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField endpoint = registrar.Field("opcua.endpointUrl");
        SpiField policy = registrar.Field("opcua.securityPolicyUri");
        ParserKind<OpcuaParser> kind = registrar.Parser("opcua", () => new OpcuaParser(endpoint, policy));
        registrar.Tcp(
            "opcua",
            0,
            "HELF"u8,
            (session, _, bytes) =>
            {
                if (bytes.Length < OpcuaParser.HeaderLength)
                    return;
                session.AddProtocol("opcua"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Parses the first messages of each side: what follows is encrypted, or of no interest here.</summary>
internal sealed class OpcuaParser(SpiField endpoint, SpiField policy) : MessageParser(Longest)
{
    public const int HeaderLength = 8;
    private const int Longest = 32 * 1024;
    private const int LongestUrl = 4096;
    private const int MostMessages = 4;
    private int _messages;

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _messages = 0;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        ReadOnlySpan<byte> type = bytes[..3];
        bool isType =
            type.SequenceEqual("HEL"u8)
            || type.SequenceEqual("ACK"u8)
            || type.SequenceEqual("ERR"u8)
            || type.SequenceEqual("RHE"u8)
            || type.SequenceEqual("OPN"u8)
            || type.SequenceEqual("CLO"u8)
            || type.SequenceEqual("MSG"u8);
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        return isType && bytes[3] is (byte)'F' or (byte)'C' or (byte)'A' && length is >= HeaderLength and <= Longest
            ? (int)length
            : Malformed;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        var reader = new PacketReader(message[HeaderLength..]);
        if (message.StartsWith("HELF"u8))
        {
            reader.Skip(20);
            AddText(session.Fields, endpoint, Bytes(ref reader));
        }
        else if (message.StartsWith("OPNF"u8))
        {
            reader.Skip(4);
            AddText(session.Fields, policy, Bytes(ref reader));
            ReadOnlySpan<byte> certificate = Bytes(ref reader);
            if (!certificate.IsEmpty)
                session.Sub("cert")?.Parse(session, side, certificate);
        }
        return ++_messages < 2 * MostMessages;
    }

    private static void AddText(SpiFields values, SpiField field, ReadOnlySpan<byte> text)
    {
        if (text.Length is > 0 and <= LongestUrl)
            values.AddText(field, text, TextEncoding.Utf8OrLatin1);
    }

    private static ReadOnlySpan<byte> Bytes(ref PacketReader reader)
    {
        int length = (int)reader.U32Le();
        return length > 0 ? reader.Take(length) : default;
    }
}
