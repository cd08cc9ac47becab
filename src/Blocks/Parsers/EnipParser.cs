using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// EtherNet/IP (ODVA, The CIP Networks Library volume 2) over TCP and UDP, with the Common Industrial Protocol (volume 1) in it.
/// <code>
/// | command (2) | length of what follows these 24 (2) | session (4) | status (4) | context (8) | options (4) | data |
/// 006F, 0070 SendRRData, SendUnitData: | interface (4) | timeout (2) | items |
/// 0063 ListIdentity, the response:     | items |
/// items: | number (2) | each: type (2) length (2) content |
/// item 00B2 and, behind a sequence (2), 00B1: | service (1), bit 7: response | length of path in words (1) | path | …
/// item 000C: | version (2) | address (16) | vendor (2) | device (2) | product (2) | revision (2) | status (2) | serial (4) | length (1) | name | state (1) |
/// </code>
/// Numbers have their least significant byte first.
/// </summary>
public sealed class EnipPlugin : IFlowPipePlugin
{
    private const ushort Port = 44818;
    private const ushort ImplicitPort = 2222;

    /// <inheritdoc/>
    public string Name => "enip";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new EnipFields(registrar);
        ParserKind<EnipParser> kind = registrar.Parser("enip", () => new EnipParser(fields));
        Classifier stream = (session, _, bytes) =>
        {
            if (EnipParser.IsHeader(bytes))
                Start(session, kind);
        };
        Classifier datagram = (session, _, bytes) =>
        {
            if (EnipParser.IsHeader(bytes) && EnipParser.HeaderLength + BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) == bytes.Length)
                Start(session, kind);
        };
        registrar.Port("enip", SessionType.Tcp, Port, null, stream);
        registrar.Port("enip", SessionType.Udp, Port, null, datagram);
        registrar.Port("enip", SessionType.Udp, ImplicitPort, null, datagram);
    }

    private static void Start(Session session, ParserKind<EnipParser> kind)
    {
        session.AddProtocol("enip"u8);
        session.Add(kind);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class EnipFields(IRegistrar registrar)
{
    public SpiField Command { get; } = registrar.Field("enip.command");
    public SpiField Status { get; } = registrar.Field("enip.status");
    public SpiField Service { get; } = registrar.Field("enip.service");
    public SpiField Class { get; } = registrar.Field("enip.class");
    public SpiField Vendor { get; } = registrar.Field("enip.vendor");
    public SpiField Product { get; } = registrar.Field("enip.product");
    public SpiField DeviceType { get; } = registrar.Field("enip.device-type");
}

/// <summary>Parses messages.</summary>
internal sealed class EnipParser(EnipFields fields) : MessageParser(Longest)
{
    public const int HeaderLength = 24;
    private const int Longest = 8 * 1024;
    private const int ListIdentity = 0x63;
    private const int SendRRData = 0x6F;
    private const int SendUnitData = 0x70;
    private const int IdentityItem = 0x0C;
    private const int ConnectedItem = 0xB1;
    private const int UnconnectedItem = 0xB2;
    private const int MostItems = 16;
    private const int ResponseBit = 0x80;

    /// <summary>Whether there is a header of a command that there is.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderLength && !EnipNames.Command(BinaryPrimitives.ReadUInt16LittleEndian(bytes)).IsEmpty;

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        return IsHeader(bytes) ? HeaderLength + BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]) : Malformed;
    }

    /// <inheritdoc/>
    protected override bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length)
    {
        session.AddTag("enip:message-too-long"u8);
        return false;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        var reader = new PacketReader(message);
        int command = reader.U16Le();
        int length = reader.U16Le();
        reader.Skip(4);
        uint status = reader.U32Le();
        reader.Skip(12);
        if (reader.Failed)
            return true;
        if (EnipNames.Command(command) is { IsEmpty: false } name)
            session.Fields.Add(fields.Command, name);
        session.Fields.Add(fields.Status, (int)status);
        if (length > reader.Remaining)
            return true;
        reader = new PacketReader(reader.Take(length));
        if (command is SendRRData or SendUnitData)
        {
            reader.Skip(6);
            ReadItems(session, reader);
        }
        else if (command == ListIdentity && status == 0)
        {
            ReadItems(session, reader);
        }
        return true;
    }

    private void ReadItems(Session session, PacketReader reader)
    {
        int count = Math.Min(reader.U16Le(), (ushort)MostItems);
        for (int i = 0; i < count; i++)
        {
            int type = reader.U16Le();
            ReadOnlySpan<byte> content = reader.Take(reader.U16Le());
            if (reader.Failed)
                return;
            if (type == IdentityItem)
                ReadIdentity(session.Fields, new PacketReader(content));
            else if (type == UnconnectedItem)
                ReadCip(session, new PacketReader(content));
            else if (type == ConnectedItem && content.Length > 2)
                ReadCip(session, new PacketReader(content[2..]));
        }
    }

    private void ReadCip(Session session, PacketReader reader)
    {
        int service = reader.U8();
        if (reader.Failed)
            return;
        session.AddProtocol("cip"u8);
        bool isResponse = (service & ResponseBit) != 0;
        service &= ~ResponseBit;
        if (EnipNames.Service(service) is { IsEmpty: false } name)
            session.Fields.Add(fields.Service, name);
        else if (isResponse)
            session.Fields.Add(fields.Service, "Reply"u8);
        else
            AddNumbered(session.Fields, fields.Service, "Service-0x"u8, service, 2);
        if (isResponse)
            return;
        int path = Math.Min(2 * reader.U8(), reader.Remaining);
        if (TryClass(reader.Take(path), out uint type))
        {
            if (EnipNames.Class(type) is { IsEmpty: false } known)
                session.Fields.Add(fields.Class, known);
            else
                AddNumbered(session.Fields, fields.Class, "Class-0x"u8, type, 2);
        }
    }

    /// <summary>
    /// Finds the class in a path (volume 1 appendix C-1.4): segments, of which the upper three bits say the kind.
    /// <code>
    /// 20 logical: what (3 bits: 0 class), form (2 bits): 0 a byte, 1 a pad byte and two, 2 a pad byte and four
    /// 00 port:    number (4 bits; 15: it follows in two bytes), bit 10: length of the address follows, else the address is a byte
    /// 80 data:    length (1) | content, filled up to two bytes
    /// </code>
    /// </summary>
    private static bool TryClass(ReadOnlySpan<byte> path, out uint type)
    {
        type = 0;
        var reader = new PacketReader(path);
        while (reader.Remaining > 0)
        {
            int segment = reader.U8();
            switch (segment & 0xE0)
            {
                case 0x20:
                    switch (segment & 3)
                    {
                        case 0:
                            type = reader.U8();
                            break;
                        case 1:
                            reader.Skip(1);
                            type = reader.U16Le();
                            break;
                        case 2:
                            reader.Skip(1);
                            type = reader.U32Le();
                            break;
                        default:
                            return false;
                    }
                    if ((segment & 0x1C) == 0)
                        return !reader.Failed;
                    break;
                case 0x80:
                    int length = reader.U8();
                    reader.Skip(length + (length & 1));
                    break;
                case 0x00:
                    if ((segment & 0x0F) == 0x0F)
                        reader.Skip(2);
                    int address = (segment & 0x10) != 0 ? reader.U8() : 1;
                    reader.Skip(address == 1 ? 1 : address + (address & 1));
                    break;
                default:
                    return false;
            }
        }
        return false;
    }

    private void ReadIdentity(SpiFields values, PacketReader reader)
    {
        reader.Skip(18);
        int vendor = reader.U16Le();
        int device = reader.U16Le();
        reader.Skip(10);
        int length = reader.U8();
        if (reader.Failed)
            return;
        if (EnipNames.Vendor(vendor) is { IsEmpty: false } known)
        {
            values.Add(fields.Vendor, known);
        }
        else
        {
            var text = new TextBuilder(stackalloc byte[16]);
            text.Append("Vendor-"u8);
            text.Append(vendor);
            values.Add(fields.Vendor, text.Text);
        }
        AddNumbered(values, fields.DeviceType, "DeviceType-0x"u8, device, 4);
        ReadOnlySpan<byte> name = reader.Take(length);
        if (!name.IsEmpty)
            values.AddText(fields.Product, name, TextEncoding.Utf8OrLatin1);
    }

    private static void AddNumbered(SpiFields values, SpiField field, ReadOnlySpan<byte> before, long number, int digits)
    {
        Span<byte> text = stackalloc byte[32];
        before.CopyTo(text);
        ReadOnlySpan<char> format = digits == 2 ? "x2" : "x4";
        number.TryFormat(text[before.Length..], out int written, format, System.Globalization.CultureInfo.InvariantCulture);
        values.Add(field, text[..(before.Length + written)]);
    }
}
