using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// MQTT 3.1, 3.1.1 and 5.0 (OASIS).
/// <code>
/// | type (4 bits) flags (4 bits) | length of what follows: 1 to 4 bytes of 7 bits, the lowest first | content |
/// CONNECT:   | name "MQTT" or "MQIsdp" | version (1) | flags (1) | keep alive (2) | 5.0: properties | client id |
///            with a will: | 5.0: properties | topic | message |   then | user | password |, as flagged
/// CONNACK:   | flags (1) | code (1) | …
/// PUBLISH:   | topic | …                                                 its flags have the level of service in bits 1 and 2
/// SUBSCRIBE: | packet id (2) | 5.0: properties | each: topic, options (1) |       UNSUBSCRIBE: the same without options
/// </code>
/// Texts are | length (2) | UTF-8 |, properties | length as above | … |.
/// </summary>
public sealed class MqttPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "mqtt";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new MqttFields(registrar);
        ParserKind<MqttParser> kind = registrar.Parser("mqtt", () => new MqttParser(fields));
        registrar.Tcp(
            "mqtt",
            0,
            [0x10],
            (session, _, bytes) =>
            {
                if (!MqttParser.IsConnect(bytes))
                    return;
                session.AddProtocol("mqtt"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class MqttFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("user");
    public SpiField ClientId { get; } = registrar.Field("mqtt.clientId");
    public SpiField Topic { get; } = registrar.Field("mqtt.topic");
    public SpiField Version { get; } = registrar.Field("mqtt.version");
    public SpiField Type { get; } = registrar.Field("mqtt.type");
    public SpiField WillTopic { get; } = registrar.Field("mqtt.willTopic");
    public SpiField Qos { get; } = registrar.Field("mqtt.qos");
    public SpiField Flags { get; } = registrar.Field("mqtt.flags");
    public SpiField ConnackCode { get; } = registrar.Field("mqtt.connackCode");
}

/// <summary>Parses control packets; long ones are stepped over.</summary>
internal sealed class MqttParser(MqttFields fields) : MessageParser(Longest)
{
    private const int Longest = 8 * 1024;
    private const int Version5 = 5;
    private const int MostQos = 2;
    private int _version;

    /// <summary>Whether a stream begins with CONNECT.</summary>
    public static bool IsConnect(ReadOnlySpan<byte> bytes)
    {
        var reader = new PacketReader(bytes);
        reader.Skip(1);
        return bytes.Length >= 10 && TryLength(ref reader, out int _) && IsName(Text(ref reader));
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _version = 0;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        var reader = new PacketReader(bytes);
        reader.Skip(1);
        if (TryLength(ref reader, out int length))
            return bytes.Length - reader.Remaining + length;
        return reader.Failed && bytes.Length < 5 ? Incomplete : Malformed;
    }

    /// <inheritdoc/>
    protected override bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length)
    {
        session.Fields.Add(fields.Type, NameOf(beginning[0] >> 4));
        session.AddTag("mqtt:message-too-long"u8);
        return true;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        SpiFields values = session.Fields;
        int type = message[0] >> 4;
        values.Add(fields.Type, NameOf(type));
        var reader = new PacketReader(message);
        reader.Skip(1);
        TryLength(ref reader, out int _);
        switch (type)
        {
            case 1:
                ReadConnect(values, reader);
                break;
            case 2:
                reader.Skip(1);
                int code = reader.U8();
                if (!reader.Failed)
                    values.Add(fields.ConnackCode, code);
                break;
            case 3:
                AddQos(values, (message[0] >> 1) & 3);
                AddText(values, fields.Topic, Text(ref reader));
                break;
            case 8:
                ReadTopics(values, reader, hasOptions: true);
                break;
            case 10:
                ReadTopics(values, reader, hasOptions: false);
                break;
        }
        return true;
    }

    private void ReadConnect(SpiFields values, PacketReader reader)
    {
        if (!IsName(Text(ref reader)))
            return;
        _version = reader.U8();
        int flags = reader.U8();
        if (reader.Failed)
            return;
        values.Add(
            fields.Version,
            _version switch
            {
                3 => "3.1"u8,
                4 => "3.1.1"u8,
                Version5 => "5.0"u8,
                _ => "unknown"u8,
            }
        );
        bool hasWill = (flags & 0x04) != 0;
        if (hasWill)
        {
            values.Add(fields.Flags, "hasWill"u8);
            AddQos(values, (flags >> 3) & 3);
            if ((flags & 0x20) != 0)
                values.Add(fields.Flags, "willRetain"u8);
        }
        if ((flags & 0x02) != 0)
            values.Add(fields.Flags, "cleanSession"u8);
        if ((flags & 0x40) != 0)
            values.Add(fields.Flags, "hasPassword"u8);
        reader.Skip(2);
        SkipProperties(ref reader);
        AddText(values, fields.ClientId, Text(ref reader));
        if (hasWill)
        {
            SkipProperties(ref reader);
            AddText(values, fields.WillTopic, Text(ref reader));
            Text(ref reader);
        }
        if ((flags & 0x80) == 0)
            return;
        ReadOnlySpan<byte> user = Text(ref reader);
        if (!user.IsEmpty)
            values.AddLower(fields.User, user);
    }

    private void ReadTopics(SpiFields values, PacketReader reader, bool hasOptions)
    {
        reader.Skip(2);
        SkipProperties(ref reader);
        while (!reader.Failed && reader.Remaining > 2)
        {
            AddText(values, fields.Topic, Text(ref reader));
            if (hasOptions)
                reader.Skip(1);
        }
    }

    private void AddQos(SpiFields values, int qos)
    {
        if (qos <= MostQos)
            values.Add(fields.Qos, qos);
    }

    private static void AddText(SpiFields values, SpiField field, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
            values.AddText(field, text, TextEncoding.Utf8OrLatin1);
    }

    private void SkipProperties(ref PacketReader reader)
    {
        if (_version == Version5 && TryLength(ref reader, out int length))
            reader.Skip(length);
    }

    private static ReadOnlySpan<byte> Text(ref PacketReader reader) => reader.Take(reader.U16());

    private static bool IsName(ReadOnlySpan<byte> name) => name.SequenceEqual("MQTT"u8) || name.SequenceEqual("MQIsdp"u8);

    private static bool TryLength(ref PacketReader reader, out int length)
    {
        length = 0;
        for (int shift = 0; shift < 28; shift += 7)
        {
            int next = reader.U8();
            length |= (next & 0x7F) << shift;
            if ((next & 0x80) == 0)
                return !reader.Failed;
        }
        return false;
    }

    private static ReadOnlySpan<byte> NameOf(int type) =>
        type switch
        {
            1 => "CONNECT"u8,
            2 => "CONNACK"u8,
            3 => "PUBLISH"u8,
            4 => "PUBACK"u8,
            5 => "PUBREC"u8,
            6 => "PUBREL"u8,
            7 => "PUBCOMP"u8,
            8 => "SUBSCRIBE"u8,
            9 => "SUBACK"u8,
            10 => "UNSUBSCRIBE"u8,
            11 => "UNSUBACK"u8,
            12 => "PINGREQ"u8,
            13 => "PINGRESP"u8,
            14 => "DISCONNECT"u8,
            15 => "AUTH"u8,
            _ => "Reserved"u8,
        };
}
