using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// ISAKMP: IKE version 1 (RFC 2408, RFC 2409) and 2 (RFC 7296), a message a datagram; on port 4500 four zeros tell it from ESP (RFC 3948).
/// <code>
/// | initiator's SPI (8) | responder's SPI (8) | first payload (1) | version (4 bits, 4 bits) | exchange (1) | flags (1) | message id (4) | length (4) |
/// payload:    | next payload (1) | flags (1) | length (2), these 4 included | content |
/// SA 1:       | domain (4) | situation (4) | proposals |              SA 2: | proposals |
/// proposal:   | 0 last (1) | 0 (1) | length (2) | number (1) | protocol (1) | length of SPI (1) | transforms (1) | SPI | transforms |
/// transform 1: | 0 last (1) | 0 (1) | length (2) | number (1) | id (1) | 0 (2) | attributes: | 1, type (15 bits) | value (2) |  or  | 0, type | length (2) | value |
/// transform 2: | 0 last (1) | 0 (1) | length (2) | type (1) | 0 (1) | id (2) | attributes |
/// </code>
/// </summary>
public sealed class IsakmpPlugin : IFlowPipePlugin
{
    private const ushort Port = 500;

    /// <inheritdoc/>
    public string Name => "isakmp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new IsakmpFields(registrar);
        ParserKind<IsakmpParser> kind = registrar.Parser("isakmp", () => new IsakmpParser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (!IsakmpParser.IsMessage(session, bytes))
                return;
            session.AddProtocol("isakmp"u8);
            session.Add(kind);
        };
        registrar.Port("isakmp", SessionType.Udp, Port, null, classify);
        registrar.Port("isakmp", SessionType.Udp, IsakmpParser.NatPort, null, classify);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class IsakmpFields(IRegistrar registrar)
{
    public SpiField InitiatorSpi { get; } = registrar.Field("isakmp.initiator-spi");
    public SpiField ResponderSpi { get; } = registrar.Field("isakmp.responder-spi");
    public SpiField Version { get; } = registrar.Field("isakmp.version");
    public SpiField Exchange { get; } = registrar.Field("isakmp.exchange-type");
    public SpiField Vendor { get; } = registrar.Field("isakmp.vendor-id");
    public SpiField Encryption { get; } = registrar.Field("isakmp.encryption");
    public SpiField Hash { get; } = registrar.Field("isakmp.hash");
    public SpiField Group { get; } = registrar.Field("isakmp.dh-group");
    public SpiField Authentication { get; } = registrar.Field("isakmp.auth-method");
}

/// <summary>Parses a message a datagram.</summary>
internal sealed class IsakmpParser(IsakmpFields fields) : SessionParser
{
    public const ushort NatPort = 4500;
    private const int HeaderLength = 28;
    private const int PayloadHeader = 4;
    private const int MostShownOfVendor = 16;
    private const uint IpsecDomain = 1;
    private const int X509Signature = 4;
    private const int Encrypted = 46;
    private const int EncryptedFragment = 53;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        ReadOnlySpan<byte> message = data.Bytes;
        if (!TryOpen(session, ref message) || message.Length < HeaderLength)
            return Parsed.KeepGoing;
        SpiFields values = session.Fields;
        var reader = new PacketReader(message);
        values.AddHex(fields.InitiatorSpi, reader.Take(8));
        ReadOnlySpan<byte> responder = reader.Take(8);
        if (responder.IndexOfAnyExcept((byte)0) >= 0)
            values.AddHex(fields.ResponderSpi, responder);
        int next = reader.U8();
        int version = reader.U8();
        int exchange = reader.U8();
        int flags = reader.U8();
        reader.Skip(8);
        bool isSecond = version >> 4 == 2;
        AddVersion(values, version);
        ReadOnlySpan<byte> name = isSecond ? IsakmpNames.Exchange2(exchange) : IsakmpNames.Exchange1(exchange);
        if (!name.IsEmpty)
            values.Add(fields.Exchange, name);
        // Version 1 says by a flag that all is encrypted, version 2 by the last payload, and the next type in that is not of this chain.
        bool isEncrypted = !isSecond && (flags & 1) != 0;
        while (!isEncrypted && next is not (0 or Encrypted or EncryptedFragment) && reader.Remaining >= PayloadHeader)
        {
            int type = next;
            next = reader.U8();
            reader.Skip(1);
            ReadOnlySpan<byte> payload = reader.Take(reader.U16() - PayloadHeader);
            if (reader.Failed)
                break;
            ReadPayload(session, data.Side, isSecond, type, payload);
        }
        return Parsed.KeepGoing;
    }

    /// <summary>Whether a datagram is a message, as far as its header says.</summary>
    public static bool IsMessage(Session session, ReadOnlySpan<byte> bytes)
    {
        if (!TryOpen(session, ref bytes) || bytes.Length < HeaderLength)
            return false;
        int exchange = bytes[18];
        int flags = bytes[19];
        return (bytes[17] >> 4) switch
        {
            1 => exchange is <= 5 or 32 or 33 or >= 240 && (flags & 0xF8) == 0,
            2 => exchange is >= 34 and <= 37 && (flags & 0xC7) == 0,
            _ => false,
        };
    }

    /// <summary>Steps over what tells it from ESP where both share a port.</summary>
    private static bool TryOpen(Session session, ref ReadOnlySpan<byte> bytes)
    {
        if (session.SourcePort != NatPort && session.DestinationPort != NatPort)
            return true;
        if (!bytes.StartsWith("\0\0\0\0"u8))
            return false;
        bytes = bytes[4..];
        return true;
    }

    private void AddVersion(SpiFields values, int version)
    {
        var text = new TextBuilder(stackalloc byte[8]);
        text.Append(version >> 4);
        text.Append("."u8);
        text.Append(version & 0xF);
        values.Add(fields.Version, text.Text);
    }

    private void ReadPayload(Session session, Side side, bool isSecond, int type, ReadOnlySpan<byte> payload)
    {
        switch (type)
        {
            case 1 when !isSecond: // security association
                var reader = new PacketReader(payload);
                uint domain = reader.U32();
                reader.Skip(4);
                if (domain == IpsecDomain)
                    ReadProposals(session.Fields, isSecond, reader);
                break;
            case 33 when isSecond:
                ReadProposals(session.Fields, isSecond, new PacketReader(payload));
                break;
            case 13 or 43 when !payload.IsEmpty: // vendor id
                ReadOnlySpan<byte> name = IsakmpNames.Vendor(payload);
                if (name.IsEmpty)
                    session.Fields.AddHex(fields.Vendor, payload[..Math.Min(payload.Length, MostShownOfVendor)]);
                else
                    session.Fields.Add(fields.Vendor, name);
                break;
            case 6 or 37 when payload.Length > 1 && payload[0] == X509Signature: // certificate
                session.Sub("cert")?.Parse(session, side, payload[1..]);
                break;
        }
    }

    private void ReadProposals(SpiFields values, bool isSecond, PacketReader reader)
    {
        bool more = true;
        while (more && reader.Remaining >= PayloadHeader)
        {
            more = reader.U8() != 0;
            reader.Skip(1);
            var proposal = new PacketReader(reader.Take(reader.U16() - PayloadHeader));
            proposal.Skip(2);
            int spi = proposal.U8();
            int transforms = proposal.U8();
            proposal.Skip(spi);
            for (int i = 0; i < transforms && proposal.Remaining >= PayloadHeader; i++)
            {
                proposal.Skip(2);
                ReadOnlySpan<byte> transform = proposal.Take(proposal.U16() - PayloadHeader);
                if (proposal.Failed)
                    break;
                if (isSecond)
                    ReadTransform2(values, transform);
                else
                    ReadTransform1(values, transform);
            }
        }
    }

    private void ReadTransform1(SpiFields values, ReadOnlySpan<byte> transform)
    {
        var reader = new PacketReader(transform);
        reader.Skip(4);
        while (reader.Remaining >= 4)
        {
            int type = reader.U16();
            int value = reader.U16();
            if ((type & 0x8000) == 0)
            {
                reader.Skip(value); // a long value, after its length
                continue;
            }
            switch (type & 0x7FFF)
            {
                case 1 when IsakmpNames.Encryption1(value) is { IsEmpty: false } name:
                    values.Add(fields.Encryption, name);
                    break;
                case 2 when IsakmpNames.Hash(value) is { IsEmpty: false } name:
                    values.Add(fields.Hash, name);
                    break;
                case 3 when IsakmpNames.Authentication(value) is { IsEmpty: false } name:
                    values.Add(fields.Authentication, name);
                    break;
                case 4 when IsakmpNames.Group(value) is { IsEmpty: false } name:
                    values.Add(fields.Group, name);
                    break;
            }
        }
    }

    private void ReadTransform2(SpiFields values, ReadOnlySpan<byte> transform)
    {
        var reader = new PacketReader(transform);
        int type = reader.U8();
        reader.Skip(1);
        int id = reader.U16();
        if (reader.Failed)
            return;
        switch (type)
        {
            case 1 when IsakmpNames.Encryption2(id) is { IsEmpty: false } name:
                values.Add(fields.Encryption, name);
                break;
            case 2 when IsakmpNames.PseudoRandom(id) is { IsEmpty: false } name:
                values.Add(fields.Hash, name);
                break;
            case 4 when IsakmpNames.Group(id) is { IsEmpty: false } name:
                values.Add(fields.Group, name);
                break;
        }
    }
}
