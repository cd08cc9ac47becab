using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// RADIUS (RFC 2865 section 3, RFC 2866).
/// <code>
/// | code (1) | id (1) | length (2) | authenticator (16) | attributes: | type (1) | length (1), these two included | value | …
/// </code>
/// </summary>
public sealed class RadiusPlugin : IFlowPipePlugin
{
    private const byte LeastCode = 1;
    private const byte GreatestCode = 5;

    // 1812 and 1813, and what was used before they were assigned
    private static readonly ushort[] Ports = [1645, 1646, 1812, 1813];

    /// <inheritdoc/>
    public string Name => "radius";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new RadiusFields(registrar);
        ParserKind<RadiusParser> kind = registrar.Parser("radius", () => new RadiusParser(fields));
        foreach (ushort port in Ports)
        {
            registrar.Port(
                "radius",
                SessionType.Udp,
                port,
                null,
                (session, _, bytes) =>
                {
                    if (bytes.Length < RadiusParser.HeaderLength || bytes[0] is < LeastCode or > GreatestCode)
                        return;
                    // More than the length says is padding (RFC 2865 section 3).
                    int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
                    if (length < RadiusParser.HeaderLength || length > bytes.Length)
                        return;
                    session.AddProtocol("radius"u8);
                    session.Add(kind);
                }
            );
        }
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class RadiusFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("radius.user");
    public SpiField Mac { get; } = registrar.Field("radius.mac");
    public SpiField EndpointIp { get; } = registrar.Field("radius.endpoint-ip");
    public SpiField FramedIp { get; } = registrar.Field("radius.framed-ip");
    public SpiField MessageType { get; } = registrar.Field("radius.msgType");
    public SpiField ServerIp { get; } = registrar.Field("radius.nasIp");
    public SpiField ServerPort { get; } = registrar.Field("radius.nasPort");
}

/// <summary>Parses a packet a datagram.</summary>
internal sealed class RadiusParser(RadiusFields fields) : SessionParser
{
    public const int HeaderLength = 20;
    private const int MacLength = 17;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        var reader = new PacketReader(data.Bytes);
        byte code = reader.U8();
        reader.Skip(1);
        int length = reader.U16();
        if (length < HeaderLength || reader.Remaining < HeaderLength - 4)
            return Parsed.KeepGoing;
        ReadOnlySpan<byte> name = TypeName(code);
        if (!name.IsEmpty)
            session.Fields.Add(fields.MessageType, name);
        reader.Skip(HeaderLength - 4);
        reader = new PacketReader(reader.Rest[..Math.Min(reader.Remaining, length - HeaderLength)]);
        while (reader.Remaining > 2)
        {
            byte type = reader.U8();
            ReadOnlySpan<byte> value = reader.Take(reader.U8() - 2);
            if (reader.Failed)
                break;
            if (!value.IsEmpty)
                AddAttribute(session.Fields, type, value);
        }
        return Parsed.KeepGoing;
    }

    private void AddAttribute(SpiFields to, byte type, ReadOnlySpan<byte> value)
    {
        switch (type)
        {
            case 1: // User-Name
                to.AddText(fields.User, value, TextEncoding.Utf8OrLatin1);
                break;
            case 4 when value.Length == 4: // NAS-IP-Address
                to.AddIp(fields.ServerIp, IpAddress.ReadIPv4(value).ToUInt128());
                break;
            case 5 when value.Length == 4: // NAS-Port
                to.Add(fields.ServerPort, (long)BinaryPrimitives.ReadUInt32BigEndian(value));
                break;
            case 8 when value.Length == 4: // Framed-IP-Address
                to.AddIp(fields.FramedIp, IpAddress.ReadIPv4(value).ToUInt128());
                break;
            case 31: // Calling-Station-Id
                AddMac(to, value);
                break;
            case 66: // Tunnel-Client-Endpoint
                AddEndpoint(to, value);
                break;
        }
    }

    /// <summary>A MAC address is written with any separators or none (RFC 3580 section 3.21); anything else is a telephone number or the like.</summary>
    private void AddMac(SpiFields to, ReadOnlySpan<byte> value)
    {
        Span<byte> text = stackalloc byte[MacLength];
        int length = 0;
        foreach (byte character in value)
        {
            if (character is (byte)'-' or (byte)':' or (byte)'.')
                continue;
            if (Hex.Value(character) < 0 || length >= MacLength)
                return;
            text[length++] = (byte)(character is >= (byte)'A' and <= (byte)'F' ? character | 0x20 : character);
            if (length % 3 == 2 && length < MacLength)
                text[length++] = (byte)':';
        }
        if (length == MacLength)
            to.Add(fields.Mac, text);
    }

    /// <summary>An address as text, maybe behind a tag (RFC 2868 section 3.3).</summary>
    private void AddEndpoint(SpiFields to, ReadOnlySpan<byte> value)
    {
        if (value[0] < 0x20)
            value = value[1..];
        Span<char> text = stackalloc char[64];
        if (value.Length > text.Length || value.IndexOfAnyExceptInRange((byte)'.', (byte)'f') >= 0)
            return;
        text = text[..System.Text.Encoding.ASCII.GetChars(value, text)];
        if (IpText.TryParse(text, out UInt128 address))
            to.AddIp(fields.EndpointIp, address);
    }

    private static ReadOnlySpan<byte> TypeName(byte code) =>
        code switch
        {
            1 => "access-request"u8,
            2 => "access-accept"u8,
            3 => "access-reject"u8,
            4 => "accounting-request"u8,
            5 => "accounting-response"u8,
            11 => "access-challenge"u8,
            12 => "status-server"u8,
            13 => "status-client"u8,
            40 => "disconnect-request"u8,
            41 => "disconnect-ack"u8,
            42 => "disconnect-nak"u8,
            43 => "coa-request"u8,
            44 => "coa-ack"u8,
            45 => "coa-nak"u8,
            _ => default,
        };
}
