using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// The NetBIOS name service (RFC 1002 section 4.2): DNS messages whose names are NetBIOS names, each half byte of them a letter from A to P.
/// <code>
/// header:   | id (2) | flags (2) | questions (2) | answers (2) | authority (2) | additional (2) |
/// name:     | 20 | 32 letters: 15 characters padded with spaces, a suffix | labels of the scope | 00 |    or a pointer | 11, offset (14 bits) |
/// question: | name | type (2) | class (2) |
/// record:   | name | type (2) | class (2) | TTL (4) | length (2) | data |, of type NB: | flags (2) | address (4) | …
/// </code>
/// </summary>
public sealed class NbnsPlugin : IFlowPipePlugin
{
    private const ushort Port = 137;

    /// <inheritdoc/>
    public string Name => "nbns";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new NbnsFields(registrar);
        ParserKind<NbnsParser> kind = registrar.Parser("nbns", () => new NbnsParser(fields));
        registrar.Port(
            "nbns",
            SessionType.Udp,
            Port,
            null,
            (session, _, bytes) =>
            {
                if (NbnsParser.BeginsWithName(bytes))
                    session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class NbnsFields(IRegistrar registrar)
{
    public SpiField Name { get; } = registrar.Field("nbns.name");
    public SpiField QueryType { get; } = registrar.Field("nbns.queryType");
    public SpiField QueryHost { get; } = registrar.Field("nbns.queryHost");
    public SpiField Host { get; } = registrar.Field("nbns.host");
    public SpiField Ip { get; } = registrar.Field("nbns.ip");
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class NbnsParser(NbnsFields fields) : SessionParser
{
    private const int HeaderLength = 12;
    private const int ShortestMessage = 50;
    private const int EncodedLength = 32;
    private const int NameLength = 15;
    private const ushort TypeName = 0x20;
    private const ushort TypeStatus = 0x21;

    /// <summary>Whether what follows the header looks like a NetBIOS name.</summary>
    public static bool BeginsWithName(ReadOnlySpan<byte> message) =>
        message.Length >= ShortestMessage
        && message[HeaderLength] == EncodedLength
        && message.Slice(HeaderLength + 1, 4).IndexOfAnyExceptInRange((byte)'A', (byte)'P') < 0;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        ReadOnlySpan<byte> message = data.Bytes;
        if (message.Length < ShortestMessage)
            return Parsed.KeepGoing;
        session.AddProtocol("nbns"u8);
        var reader = new PacketReader(message);
        reader.Skip(2);
        bool isResponse = (reader.U16() & 0x8000) != 0;
        int questions = reader.U16();
        int records = reader.U16() + reader.U16() + reader.U16();
        for (int i = 0; i < questions && !reader.Failed; i++)
            ReadQuestion(session.Fields, message, ref reader, isResponse);
        for (int i = 0; i < records && !reader.Failed; i++)
            ReadRecord(session.Fields, message, ref reader);
        return Parsed.KeepGoing;
    }

    private void ReadQuestion(SpiFields to, ReadOnlySpan<byte> message, ref PacketReader reader, bool isResponse)
    {
        Span<byte> name = stackalloc byte[NameLength];
        name = name[..ReadName(message, ref reader, name)];
        ushort type = reader.U16();
        reader.Skip(2);
        if (reader.Failed)
            return;
        if (type is TypeName or TypeStatus)
            to.Add(fields.QueryType, type == TypeName ? "NB"u8 : "NBSTAT"u8);
        if (name.IsEmpty)
            return;
        to.Add(fields.Name, name);
        if (!isResponse)
            to.Add(fields.QueryHost, name);
    }

    private void ReadRecord(SpiFields to, ReadOnlySpan<byte> message, ref PacketReader reader)
    {
        Span<byte> name = stackalloc byte[NameLength];
        name = name[..ReadName(message, ref reader, name)];
        ushort type = reader.U16();
        reader.Skip(6);
        var addresses = new PacketReader(reader.Take(reader.U16()));
        if (reader.Failed)
            return;
        if (!name.IsEmpty)
        {
            to.Add(fields.Name, name);
            to.Add(fields.Host, name);
        }
        while (type == TypeName && addresses.Remaining >= 6)
        {
            addresses.Skip(2);
            to.AddIp(fields.Ip, IpAddress.ReadIPv4(addresses.Take(4)).ToUInt128());
        }
    }

    /// <summary>Reads a name and steps over it; what is none latches the reader.</summary>
    /// <returns>Characters written.</returns>
    private static int ReadName(ReadOnlySpan<byte> message, scoped ref PacketReader reader, scoped Span<byte> name)
    {
        byte first = reader.U8();
        if (first >= 0xC0)
        {
            int offset = ((first & 0x3F) << 8) | reader.U8();
            return offset + EncodedLength < message.Length && message[offset] == EncodedLength
                ? Decode(message.Slice(offset + 1, EncodedLength), name)
                : 0;
        }
        if (first != EncodedLength)
            reader.Fail();
        ReadOnlySpan<byte> encoded = reader.Take(EncodedLength);
        // The scope: labels, of which nothing is kept.
        while (!reader.Failed && reader.U8() is > 0 and var label)
            reader.Skip(label);
        return reader.Failed ? 0 : Decode(encoded, name);
    }

    /// <summary>Decodes a name; characters that are not printable are left out, spaces at its end are padding.</summary>
    private static int Decode(ReadOnlySpan<byte> encoded, Span<byte> name)
    {
        int length = 0;
        for (int i = 0; i < NameLength; i++)
        {
            int high = encoded[2 * i] - 'A';
            int low = encoded[(2 * i) + 1] - 'A';
            if (high is < 0 or > 15 || low is < 0 or > 15)
                break;
            int character = (high << 4) | low;
            if (character is >= 0x20 and < 0x7F)
                name[length++] = (byte)character;
        }
        while (length > 0 && name[length - 1] == ' ')
            length--;
        return length;
    }
}
