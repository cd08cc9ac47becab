using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// SNMP versions 1 (RFC 1157), 2c (RFC 3416) and 3 (RFC 3412, RFC 3414), in BER.
/// <code>
/// 1, 2c: SEQUENCE { version INTEGER, community OCTET STRING, PDU [0..7] }
/// 3:     SEQUENCE { version INTEGER, SEQUENCE { id, maximum size, flags OCTET STRING, model }, security OCTET STRING, data }
/// PDU:   { request id, error status, error index, SEQUENCE OF SEQUENCE { OBJECT IDENTIFIER, value } }, but [4], the trap of version 1:
///        { enterprise OBJECT IDENTIFIER, … }
/// security: SEQUENCE { engine id OCTET STRING, boots, time, user OCTET STRING, … }
/// </code>
/// An element that reaches beyond the data ends with them, so that of a packet cut short what is there is read.
/// </summary>
public sealed class SnmpPlugin : IFlowPipePlugin
{
    private static readonly ushort[] Ports = [161, 162, 8161];

    /// <inheritdoc/>
    public string Name => "snmp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new SnmpFields(registrar);
        ParserKind<SnmpParser> kind = registrar.Parser("snmp", () => new SnmpParser(fields));
        foreach (ushort port in Ports)
        {
            registrar.Port(
                "snmp",
                SessionType.Udp,
                port,
                null,
                (session, _, bytes) =>
                {
                    if (!SnmpParser.TryReadVersion(ref bytes, out int _))
                        return;
                    session.AddProtocol("snmp"u8);
                    session.Add(kind);
                }
            );
        }
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class SnmpFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("user");
    public SpiField Version { get; } = registrar.Field("snmp.version");
    public SpiField Community { get; } = registrar.Field("snmp.community");
    public SpiField Error { get; } = registrar.Field("snmp.error");
    public SpiField Variable { get; } = registrar.Field("snmp.variable");
    public SpiField Type { get; } = registrar.Field("snmp.type");
    public SpiField TrapOid { get; } = registrar.Field("snmp.trap-oid");
    public SpiField EngineId { get; } = registrar.Field("snmp.engineId");
    public SpiField SecurityLevel { get; } = registrar.Field("snmp.secLevel");
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class SnmpParser(SnmpFields fields) : SessionParser
{
    private const int ShortestSequence = 16;
    private const int LongestOid = 256;
    private const int MostVariables = 1000;
    private const int Integer = 2;
    private const int OctetString = 4;
    private const int ObjectIdentifier = 6;
    private const int Sequence = 16;
    private const int TrapV1 = 4;
    private const int TrapV2 = 7;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        ReadOnlySpan<byte> message = data.Bytes;
        if (!TryReadVersion(ref message, out int version))
            return Parsed.Unregister;
        session.Fields.Add(fields.Version, version);
        if (version == 3)
        {
            ReadSecurity(session.Fields, message);
            return Parsed.KeepGoing;
        }
        return ReadCommunity(session.Fields, message) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <summary>Opens a message and reads its version: 1, 2 for 2c, or 3.</summary>
    /// <param name="message">The message; then, what follows the version.</param>
    /// <param name="version">The version.</param>
    public static bool TryReadVersion(scoped ref ReadOnlySpan<byte> message, out int version)
    {
        version = 0;
        if (!TryTake(ref message, out Element outer) || outer.Tag != Sequence || outer.Content.Length < ShortestSequence)
            return false;
        message = outer.Content;
        if (!TryTake(ref message, out Element number) || number.Tag != Integer || number.Content is not [<= 3 and var value])
            return false;
        version = value == 3 ? 3 : value + 1;
        return true;
    }

    private bool ReadCommunity(SpiFields to, ReadOnlySpan<byte> message)
    {
        if (!TryTake(ref message, out Element community) || community.Tag != OctetString || community.Content.IsEmpty)
            return false;
        to.AddText(fields.Community, community.Content, TextEncoding.Utf8OrLatin1);
        if (!TryTake(ref message, out Element pdu) || TypeName(pdu.Tag).IsEmpty)
            return false;
        to.Add(fields.Type, TypeName(pdu.Tag));
        if (pdu.IsConstructed)
            ReadPdu(to, pdu.Tag, pdu.Content);
        return true;
    }

    private void ReadPdu(SpiFields to, int type, ReadOnlySpan<byte> pdu)
    {
        if (type == TrapV1)
        {
            if (TryTake(ref pdu, out Element enterprise) && enterprise.Tag == ObjectIdentifier)
                AddOid(to, fields.TrapOid, enterprise.Content);
            return;
        }
        // Of GetBulkRequest, status and index are two other numbers (RFC 3416 section 4.2.3).
        bool hasStatus = type != 5;
        if (!TryTake(ref pdu, out _) || !TryTake(ref pdu, out Element status) || !TryTake(ref pdu, out _))
            return;
        if (hasStatus && status.Content is [var code, ..] && !ErrorName(code).IsEmpty)
            to.Add(fields.Error, ErrorName(code));
        if (!TryTake(ref pdu, out Element list) || !list.IsConstructed)
            return;
        ReadOnlySpan<byte> variables = list.Content;
        for (int i = 0; i < MostVariables && TryTake(ref variables, out Element binding) && binding.IsConstructed; i++)
        {
            ReadOnlySpan<byte> pair = binding.Content;
            if (!TryTake(ref pair, out Element name) || name.IsConstructed)
                return;
            AddOid(to, fields.Variable, name.Content);
            if (
                type == TrapV2
                && name.Content.SequenceEqual(SnmpTrapOid)
                && TryTake(ref pair, out Element trap)
                && trap.Tag == ObjectIdentifier
            )
                AddOid(to, fields.TrapOid, trap.Content);
        }
    }

    private void ReadSecurity(SpiFields to, ReadOnlySpan<byte> message)
    {
        if (!TryTake(ref message, out Element global) || global.Tag != Sequence)
            return;
        ReadOnlySpan<byte> header = global.Content;
        if (
            TryTake(ref header, out _)
            && TryTake(ref header, out _)
            && TryTake(ref header, out Element flags)
            && flags.Content is [var bits]
        )
            to.Add(
                fields.SecurityLevel,
                (bits & 3) switch
                {
                    0 => "noAuthNoPriv"u8,
                    1 => "authNoPriv"u8,
                    _ => "authPriv"u8,
                }
            );
        if (!TryTake(ref message, out Element security) || security.Tag != OctetString)
            return;
        ReadOnlySpan<byte> parameters = security.Content;
        if (!TryTake(ref parameters, out Element usm) || usm.Tag != Sequence)
            return;
        ReadOnlySpan<byte> user = usm.Content;
        if (TryTake(ref user, out Element engine) && engine.Tag == OctetString && !engine.Content.IsEmpty)
            to.AddHex(fields.EngineId, engine.Content);
        // boots, time, then who it is
        if (
            TryTake(ref user, out _)
            && TryTake(ref user, out _)
            && TryTake(ref user, out Element name)
            && name is { Tag: OctetString, Content.IsEmpty: false }
        )
            to.AddLower(fields.User, name.Content);
    }

    /// <summary>1.3.6.1.6.3.1.1.4.1.0, the variable that says which trap it is (RFC 3418).</summary>
    private static ReadOnlySpan<byte> SnmpTrapOid => [0x2B, 6, 1, 6, 3, 1, 1, 4, 1, 0];

    /// <summary>Writes an object identifier as numbers with dots (X.690 section 8.19); one that is too long is cut off.</summary>
    private static void AddOid(SpiFields to, SpiField field, ReadOnlySpan<byte> content)
    {
        var text = new TextBuilder(stackalloc byte[LongestOid]);
        ulong number = 0;
        bool isFirst = true;
        foreach (byte part in content)
        {
            number = (number << 7) | (uint)(part & 0x7F);
            if ((part & 0x80) != 0)
                continue;
            if (isFirst)
            {
                // The first two numbers share one: 40 times the first, which is 0, 1 or 2, and the second.
                ulong root = Math.Min(number / 40, 2);
                text.Append((long)root);
                number -= 40 * root;
                isFirst = false;
            }
            text.Append("."u8);
            text.Append((long)(number & long.MaxValue));
            number = 0;
        }
        if (!isFirst)
            to.Add(field, text.Text);
    }

    private readonly ref struct Element(int tag, bool isConstructed, ReadOnlySpan<byte> content)
    {
        public int Tag => tag;

        public bool IsConstructed => isConstructed;

        public ReadOnlySpan<byte> Content { get; } = content;
    }

    private static bool TryTake(scoped ref ReadOnlySpan<byte> data, out Element element)
    {
        var reader = new PacketReader(data);
        int identifier = reader.U8();
        int length = reader.U8();
        if (length > 0x80)
        {
            int count = length & 0x7F;
            length = 0;
            for (int i = 0; i < count; i++)
                length = Math.Min((length << 8) | reader.U8(), 1 << 22);
        }
        element = default;
        if (reader.Failed)
            return false;
        length = Math.Min(length, reader.Remaining);
        element = new Element(identifier & 0x1F, (identifier & 0x20) != 0, reader.Take(length));
        data = reader.Rest;
        return true;
    }

    private static ReadOnlySpan<byte> TypeName(int type) =>
        type switch
        {
            0 => "GetRequest"u8,
            1 => "GetNextRequest"u8,
            2 => "GetResponse"u8,
            3 => "SetRequest"u8,
            TrapV1 => "Trap"u8,
            5 => "GetBulkRequest"u8,
            6 => "InformRequest"u8,
            TrapV2 => "SNMPv2-Trap"u8,
            _ => default,
        };

    /// <summary>RFC 3416 section 3.</summary>
    private static ReadOnlySpan<byte> ErrorName(int code) =>
        code switch
        {
            1 => "tooBig"u8,
            2 => "noSuchName"u8,
            3 => "badValue"u8,
            4 => "readOnly"u8,
            5 => "genErr"u8,
            6 => "noAccess"u8,
            7 => "wrongType"u8,
            8 => "wrongLength"u8,
            9 => "wrongEncoding"u8,
            10 => "wrongValue"u8,
            11 => "noCreation"u8,
            12 => "inconsistentValue"u8,
            13 => "resourceUnavailable"u8,
            14 => "commitFailed"u8,
            15 => "undoFailed"u8,
            16 => "authorizationError"u8,
            17 => "notWritable"u8,
            18 => "inconsistentName"u8,
            _ => default,
        };
}
