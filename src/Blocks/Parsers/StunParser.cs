using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// STUN (RFC 8489 section 5), TURN (RFC 8656), and the classic STUN of RFC 3489, which has no cookie.
/// <code>
/// | 00 | type (14 bits: method and class) | length (2), without these 20 bytes | cookie 21 12 A4 42 | transaction (12) |
/// attributes: | type (2) | length (2) | value, padded to 4 | …
/// address:    | 00 | family (1): 1 IPv4, 2 IPv6 | port (2) | address (4 or 16) |, of XOR attributes xored with cookie and transaction
/// </code>
/// </summary>
public sealed class StunPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "stun";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new StunFields(registrar);
        ParserKind<StunParser> kind = registrar.Parser("stun", () => new StunParser(fields));
        Classifier datagram = (session, _, bytes) => Start(session, kind, StunMessage.IsDatagram(bytes));
        registrar.Udp("stun", 0, [0, 1, 0], datagram);
        registrar.Udp("stun", 0, [0, 3, 0], datagram);
        registrar.Udp("stun", 0, [1, 1, 0], datagram);
        registrar.Tcp(
            "stun",
            4,
            StunMessage.Cookie,
            (session, _, bytes) => Start(session, kind, (bytes[0] & 0xC0) == 0 && bytes.Length >= StunMessage.HeaderLength)
        );
        Classifier text = static (session, _, bytes) =>
        {
            if (bytes.Length > 7 && bytes[7..].IndexOf("STUN"u8) >= 0)
                session.AddProtocol("stun"u8);
        };
        registrar.Tcp("stun", 0, "RSP/"u8, text);
        registrar.Udp("stun", 0, "RSP/"u8, text);
    }

    private static void Start(Session session, ParserKind<StunParser> kind, bool isStun)
    {
        if (!isStun || session.HasProtocol("stun"u8))
            return;
        session.AddProtocol("stun"u8);
        session.Add(kind);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class StunFields(IRegistrar registrar)
{
    public SpiField Type { get; } = registrar.Field("stun.type");
    public SpiField MappedIp { get; } = registrar.Field("stun.mapped-ip");
    public SpiField MappedPort { get; } = registrar.Field("stun.mapped-port");
    public SpiField XorMappedIp { get; } = registrar.Field("stun.xor-mapped-ip");
    public SpiField XorMappedPort { get; } = registrar.Field("stun.xor-mapped-port");
    public SpiField UserName { get; } = registrar.Field("stun.username");
    public SpiField Software { get; } = registrar.Field("stun.software");
    public SpiField Realm { get; } = registrar.Field("stun.realm");
    public SpiField Error { get; } = registrar.Field("stun.error");
    public SpiField XorRelayedIp { get; } = registrar.Field("stun.xor-relayed-ip");
    public SpiField XorRelayedPort { get; } = registrar.Field("stun.xor-relayed-port");
    public SpiField XorPeerIp { get; } = registrar.Field("stun.xor-peer-ip");
    public SpiField XorPeerPort { get; } = registrar.Field("stun.xorPeerPort");
    public SpiField Attributes { get; } = registrar.Field("stun.attributes");
}

/// <summary>What a message's header says.</summary>
internal static class StunMessage
{
    public const int HeaderLength = 20;

    public static ReadOnlySpan<byte> Cookie => [0x21, 0x12, 0xA4, 0x42];

    public static bool HasCookie(ReadOnlySpan<byte> message) => message.Slice(4, 4).SequenceEqual(Cookie);

    /// <summary>Length of a message, header included.</summary>
    public static int Length(ReadOnlySpan<byte> message) => HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(message[2..]);

    /// <summary>Whether a datagram is a message: of classic STUN, if it has just the length that it says.</summary>
    public static bool IsDatagram(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderLength && (HasCookie(bytes) || Length(bytes) == bytes.Length);

    /// <summary>Methods of STUN, TURN (RFC 8656), TURN over TCP (RFC 6062) and WebRTC; empty for one that has no name.</summary>
    public static ReadOnlySpan<byte> MethodName(int method) =>
        method switch
        {
            0x01 => "Binding"u8,
            0x03 => "Allocate"u8,
            0x04 => "Refresh"u8,
            0x06 => "Send"u8,
            0x07 => "Data"u8,
            0x08 => "CreatePermission"u8,
            0x09 => "ChannelBind"u8,
            0x0A => "Connect"u8,
            0x0B => "ConnectionBind"u8,
            0x0C => "ConnectionAttempt"u8,
            0x80 => "GooglePing"u8,
            _ => default,
        };

    /// <summary>Classes of messages.</summary>
    public static ReadOnlySpan<byte> ClassName(int number) =>
        number switch
        {
            0 => "Request"u8,
            1 => "Indication"u8,
            2 => "Response"u8,
            _ => "Error"u8,
        };
}

/// <summary>Parses a message a datagram, or one after the other out of a stream.</summary>
internal sealed class StunParser(StunFields fields) : SessionParser
{
    private const int LongestUserName = 512;
    private const int LongestText = 762;
    private const int MostMessage = StunMessage.HeaderLength + ushort.MaxValue;

    private readonly StreamBuffer _client = new(MostMessage);
    private readonly StreamBuffer _server = new(MostMessage);

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (session.Protocol.Type == SessionType.Udp)
            return TakeMessage(session, data.Bytes) ? Parsed.KeepGoing : Parsed.Unregister;
        StreamBuffer kept = data.Side == Side.Client ? _client : _server;
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        while (rest.Length >= StunMessage.HeaderLength)
        {
            int length = StunMessage.Length(rest);
            if (rest.Length < length)
                break;
            if (!TakeMessage(session, rest[..length]))
                return Parsed.Unregister;
            rest = rest[length..];
        }
        return data.GapBefore == 0 && kept.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
    }

    /// <summary>Reads a message.</summary>
    /// <returns>False when it is none: relayed data follow the first messages as a rule.</returns>
    private bool TakeMessage(Session session, ReadOnlySpan<byte> message)
    {
        if (message.Length < StunMessage.HeaderLength)
            return false;
        int length = StunMessage.Length(message);
        if (length > message.Length || (length != message.Length && !StunMessage.HasCookie(message)))
            return false;
        AddType(session.Fields, BinaryPrimitives.ReadUInt16BigEndian(message));
        // The cookie's number even where the message has none, as messages of Microsoft's TURN.
        Span<byte> mask = stackalloc byte[16];
        StunMessage.Cookie.CopyTo(mask);
        message.Slice(8, 12).CopyTo(mask[4..]);
        var reader = new PacketReader(message[StunMessage.HeaderLength..length]);
        while (reader.Remaining >= 4)
        {
            ushort type = reader.U16();
            int size = reader.U16();
            ReadOnlySpan<byte> value = reader.Take(size);
            if (reader.Failed)
                break;
            reader.Skip(Math.Min((4 - (size & 3)) & 3, reader.Remaining));
            AddAttribute(session, type, value, mask);
        }
        return true;
    }

    /// <summary>Method and class are interleaved: | 00 | M11–M7 | C1 | M6–M4 | C0 | M3–M0 |.</summary>
    private void AddType(SpiFields to, ushort type)
    {
        int method = (type & 0xF) | ((type & 0xE0) >> 1) | ((type & 0x3E00) >> 2);
        ReadOnlySpan<byte> name = StunMessage.MethodName(method);
        if (name.IsEmpty)
            return;
        var text = new TextBuilder(stackalloc byte[64]);
        text.AppendWord(name);
        text.Append(StunMessage.ClassName(((type & 0x10) >> 4) | ((type & 0x100) >> 7)));
        to.Add(fields.Type, text.Text);
    }

    private void AddAttribute(Session session, ushort type, ReadOnlySpan<byte> value, ReadOnlySpan<byte> mask)
    {
        SpiFields to = session.Fields;
        switch (type)
        {
            case 0x0001: // MAPPED-ADDRESS
                AddAddress(to, value, default, fields.MappedIp, fields.MappedPort, out _);
                break;
            case 0x0020: // XOR-MAPPED-ADDRESS
            case 0x8020: // its number in drafts
                if (AddAddress(to, value, mask, fields.XorMappedIp, fields.XorMappedPort, out IpAddress mapped) && !IsEnd(session, mapped))
                    session.AddTag("stun:nat-discovered"u8);
                break;
            case 0x0016: // XOR-RELAYED-ADDRESS
                AddAddress(to, value, mask, fields.XorRelayedIp, fields.XorRelayedPort, out _);
                break;
            case 0x0012: // XOR-PEER-ADDRESS
                AddAddress(to, value, mask, fields.XorPeerIp, fields.XorPeerPort, out _);
                break;
            case 0x0009 when value.Length >= 4: // ERROR-CODE: | 0 (21 bits) | class (3) | number (8) | reason
                to.Add(fields.Error, (100 * (value[2] & 7)) + value[3]);
                break;
            default:
                AddText(to, type, value);
                break;
        }
    }

    private void AddText(SpiFields to, ushort type, ReadOnlySpan<byte> value)
    {
        (SpiField field, int longest) = type switch
        {
            0x0006 => (fields.UserName, LongestUserName),
            0x0014 => (fields.Realm, LongestText),
            0x8022 => (fields.Software, LongestText),
            _ => (default, 0),
        };
        if (!field.IsNone && value.Length > 0 && value.Length <= longest)
            to.AddText(field, value.UpToNul(), TextEncoding.Utf8OrLatin1);
        ReadOnlySpan<byte> name = type switch
        {
            0x0025 => "use-candidate"u8,
            0x8028 => "fingerprint"u8,
            0x8029 => "ice-controlled"u8,
            0x802A => "ice-controlling"u8,
            _ => default,
        };
        if (!name.IsEmpty)
            to.Add(fields.Attributes, name);
    }

    private static bool AddAddress(
        SpiFields to,
        ReadOnlySpan<byte> value,
        ReadOnlySpan<byte> mask,
        SpiField ip,
        SpiField port,
        out IpAddress address
    )
    {
        address = default;
        if (value.Length < 8)
            return false;
        int size = value[1] == 2 ? 16 : 4;
        int number = BinaryPrimitives.ReadUInt16BigEndian(value[2..]);
        if (!mask.IsEmpty)
            number ^= BinaryPrimitives.ReadUInt16BigEndian(mask);
        to.Add(port, number);
        if (value[1] is not (1 or 2) || value.Length < 4 + size)
            return false;
        Span<byte> bytes = stackalloc byte[16];
        bytes = bytes[..size];
        value.Slice(4, size).CopyTo(bytes);
        for (int i = 0; i < Math.Min(size, mask.Length); i++)
            bytes[i] ^= mask[i];
        address = size == 4 ? IpAddress.ReadIPv4(bytes) : IpAddress.ReadIPv6(bytes);
        to.AddIp(ip, address.ToUInt128());
        return true;
    }

    private static bool IsEnd(Session session, IpAddress address) => address == session.SourceIp || address == session.DestinationIp;
}
