using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// PANA, authentication for network access (RFC 5191 section 6), a message a datagram; EAP (RFC 3748 section 4) is in it.
/// <code>
/// | 0 (2) | length (2) | flags (2) | type (2) | session (4) | sequence (4) | attributes: | code (2) | flags (2) | length (2) | 0 (2) | value, filled up to 4 bytes | …
/// EAP: | code (1) | id (1) | length (2) | type (1) | data |
/// </code>
/// </summary>
public sealed class PanaPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "pana";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new PanaFields(registrar);
        ParserKind<PanaParser> kind = registrar.Parser("pana", () => new PanaParser(fields));
        registrar.Udp(
            "pana",
            0,
            [0, 0],
            (session, _, bytes) =>
            {
                if (
                    bytes.Length < PanaParser.HeaderLength
                    || BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) != bytes.Length
                    || PanaParser.NameOf(BinaryPrimitives.ReadUInt16BigEndian(bytes[6..])).IsEmpty
                )
                    return;
                session.AddProtocol("pana"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class PanaFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("pana.user");
    public SpiField Type { get; } = registrar.Field("pana.msg-type");
    public SpiField SessionId { get; } = registrar.Field("pana.session-id");
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class PanaParser(PanaFields fields) : SessionParser
{
    public const int HeaderLength = 16;
    private const int AttributeHeader = 8;
    private const int EapPayload = 2;
    private const int EapIdentity = 1;
    private const int EapHeader = 5;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        ReadOnlySpan<byte> message = data.Bytes;
        if (message.Length < HeaderLength)
            return Parsed.Unregister;
        int length = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if (length < HeaderLength || length > message.Length)
            return Parsed.Unregister;
        SpiFields values = session.Fields;
        ReadOnlySpan<byte> name = NameOf(BinaryPrimitives.ReadUInt16BigEndian(message[6..]));
        if (!name.IsEmpty)
            values.Add(fields.Type, name);
        ReadOnlySpan<byte> id = message.Slice(8, 4);
        if (id.IndexOfAnyExcept((byte)0) >= 0)
            values.AddHex(fields.SessionId, id);
        return ReadAttributes(values, message[HeaderLength..length]) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    private bool ReadAttributes(SpiFields values, ReadOnlySpan<byte> attributes)
    {
        var reader = new PacketReader(attributes);
        while (reader.Remaining >= AttributeHeader)
        {
            int code = reader.U16();
            reader.Skip(2);
            int length = reader.U16();
            reader.Skip(2);
            ReadOnlySpan<byte> value = reader.Take(length);
            if (reader.Failed)
                return false;
            reader.Skip(Math.Min(-length & 3, reader.Remaining));
            if (code == EapPayload)
                ReadEap(values, value);
        }
        return true;
    }

    private void ReadEap(SpiFields values, ReadOnlySpan<byte> packet)
    {
        var reader = new PacketReader(packet);
        int code = reader.U8();
        reader.Skip(1);
        int length = reader.U16();
        int type = reader.U8();
        ReadOnlySpan<byte> identity = reader.Take(length - EapHeader);
        if (!reader.Failed && code is 1 or 2 && type == EapIdentity && !identity.IsEmpty)
            values.AddText(fields.User, identity, TextEncoding.Utf8OrLatin1);
    }

    /// <summary>The name of a message's type.</summary>
    public static ReadOnlySpan<byte> NameOf(int type) =>
        type switch
        {
            1 => "client-initiation"u8,
            2 => "auth"u8,
            3 => "termination"u8,
            4 => "notification"u8,
            _ => default,
        };
}
