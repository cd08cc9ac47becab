using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// BACnet over IP (ASHRAE 135 annexes J and U, clauses 6 and 20), a message a datagram.
/// <code>
/// virtual link: | 81 IPv4, 82 IPv6 | function (1) | length (2) | of a forwarded message: address and port (6; 18) |
/// network:      | version 1 | control (1): 80 no application, 20 destination, 08 source | destination: net (2) length (1) address | source likewise | hops (1) with a destination |
/// application:  | type (4 bits) flags (4) |
///   0 confirmed:   | sizes (1) | id (1) | of a segment: number (1) window (1) | service (1) | tags …
///   1 unconfirmed: | service (1) | tags …
///   3 complex ack: | id (1) | of a segment: number (1) window (1) | service (1) | tags …
/// tag: | number (4 bits) class (1 bit) length (3 bits): 5 it follows, 6 opens, 7 closes |
/// </code>
/// </summary>
public sealed class BacnetPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "bacnet";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new BacnetFields(registrar);
        ParserKind<BacnetParser> kind = registrar.Parser("bacnet", () => new BacnetParser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (!BacnetParser.IsMessage(bytes, out int _) || BacnetNames.Function(bytes[1]).IsEmpty)
                return;
            session.AddProtocol("bacnet"u8);
            session.Add(kind);
        };
        registrar.Udp("bacnet", 0, [BacnetParser.OverIPv4], classify);
        registrar.Udp("bacnet", 0, [BacnetParser.OverIPv6], classify);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class BacnetFields(IRegistrar registrar)
{
    public SpiField Function { get; } = registrar.Field("bacnet.function");
    public SpiField Service { get; } = registrar.Field("bacnet.service");
    public SpiField Type { get; } = registrar.Field("bacnet.apdu-type");
    public SpiField ObjectName { get; } = registrar.Field("bacnet.object-name");
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class BacnetParser(BacnetFields fields) : SessionParser
{
    public const byte OverIPv4 = 0x81;
    public const byte OverIPv6 = 0x82;
    private const int HeaderLength = 4;
    private const int ForwardedNpdu = 4;
    private const int Segmented = 0x08;
    private const int CharacterString = 7;
    private const int LengthFollows = 5;

    /// <summary>Whether a datagram is a message.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < HeaderLength || bytes[0] is not (OverIPv4 or OverIPv6))
            return false;
        length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length >= HeaderLength && length <= bytes.Length;
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (!IsMessage(data.Bytes, out int length))
            return Parsed.KeepGoing;
        int function = data.Bytes[1];
        if (BacnetNames.Function(function) is { IsEmpty: false } name)
            session.Fields.Add(fields.Function, name);
        var reader = new PacketReader(data.Bytes[HeaderLength..length]);
        if (function == ForwardedNpdu)
            reader.Skip(data.Bytes[0] == OverIPv4 ? 6 : 18);
        // forwarded, distribute, original unicast, original broadcast: those that carry the network's
        if (function is ForwardedNpdu or 9 or 10 or 11 && TryOpenNetwork(ref reader))
            ReadApplication(session.Fields, reader);
        return Parsed.KeepGoing;
    }

    private static bool TryOpenNetwork(ref PacketReader reader)
    {
        if (reader.U8() != 1)
            return false;
        int control = reader.U8();
        bool hasDestination = (control & 0x20) != 0;
        if (hasDestination)
        {
            reader.Skip(2);
            reader.Skip(reader.U8());
        }
        if ((control & 0x08) != 0)
        {
            reader.Skip(2);
            reader.Skip(reader.U8());
        }
        if (hasDestination)
            reader.Skip(1);
        return !reader.Failed && (control & 0x80) == 0;
    }

    private void ReadApplication(SpiFields values, PacketReader reader)
    {
        int type = reader.U8();
        if (reader.Failed)
            return;
        if (BacnetNames.Type(type >> 4) is { IsEmpty: false } name)
            values.Add(fields.Type, name);
        int segment = (type & Segmented) != 0 ? 2 : 0;
        switch (type >> 4)
        {
            case 0:
                reader.Skip(2 + segment);
                AddService(values, BacnetNames.Confirmed(reader.U8()), reader.Failed);
                break;
            case 1:
                int service = reader.U8();
                AddService(values, BacnetNames.Unconfirmed(service), reader.Failed);
                if (service is 0 or 1 or 7) // I-Am, I-Have, Who-Has
                    AddObjectName(values, reader);
                break;
            case 3:
                reader.Skip(1 + segment);
                if (reader.U8() is 12 or 14) // ReadProperty, ReadPropertyMultiple
                    AddObjectName(values, reader);
                break;
        }
    }

    private void AddService(SpiFields values, ReadOnlySpan<byte> name, bool failed)
    {
        if (!failed && !name.IsEmpty)
            values.Add(fields.Service, name);
    }

    /// <summary>
    /// Adds the first text: of the application's class it is a character string, which names an object here; in Who-Has the name is that of
    /// context 3.
    /// </summary>
    private void AddObjectName(SpiFields values, PacketReader reader)
    {
        while (!reader.Failed && reader.Remaining > 1)
        {
            int tag = reader.U8();
            int number = tag >> 4;
            bool isContext = (tag & 0x08) != 0;
            int length = tag & 7;
            if (number == 15)
                reader.Skip(1);
            if (length > LengthFollows)
                continue; // opens or closes
            if (!isContext && number == 1)
                continue; // a truth value is in its tag
            if (length == LengthFollows)
            {
                length = reader.U8();
                if (length == 254)
                    length = reader.U16();
                else if (length == 255)
                    length = (int)Math.Min(reader.U32(), int.MaxValue);
            }
            ReadOnlySpan<byte> content = reader.Take(length);
            if (reader.Failed || (isContext ? number != 3 : number != CharacterString))
                continue;
            // | character set (1) | text |: 0 is UTF-8, 4 is UCS-2, 5 is ISO 8859-1
            if (content.Length > 1)
                values.AddText(
                    fields.ObjectName,
                    content[1..],
                    content[0] switch
                    {
                        4 => TextEncoding.Utf16BigEndian,
                        5 => TextEncoding.Latin1,
                        _ => TextEncoding.Utf8OrLatin1,
                    }
                );
            return;
        }
    }
}
