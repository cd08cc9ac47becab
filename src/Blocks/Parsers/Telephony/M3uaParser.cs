using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Telephony;

/// <summary>
/// Signalling System 7 over SCTP: M2UA (RFC 3331, payload protocol 2) and M3UA (RFC 4666, payload protocol 3).
/// <code>
/// | version 1 | 0 (1) | class (1) | type (1) | length (4) | parameters: | tag (2) | length (2), these 4 included, filled up to 4 bytes | value | …
/// M3UA: class 1, type 1; tag 0210:                  | origin (4) | destination (4) | service (1) | network (1) | priority (1) | link (1) | user data |
/// M2UA: class 6, type 1; tag 0300 or 0301, and tag 0002 of M3UA's drafts: | network (4 bits) service (4) | routing label (4) | user data |
/// </code>
/// Tag 0301, Japan's form, has a length indicator (1) before it. The service says whose the user data is: 3 SCCP, 4 TUP, 5 ISUP.
/// </summary>
public sealed class M3uaPlugin : IFlowPipePlugin
{
    private const int HeaderLength = 8;
    private const long M2uaPayload = 2;
    private const long M3uaPayload = 3;

    /// <inheritdoc/>
    public string Name => "m3ua";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField payload = registrar.Field("sctp.protoId");
        SpiField service = registrar.Field("m3ua.si");
        var sccp = new Sccp(registrar);
        ParserKind<M3uaParser> m3ua = registrar.Parser("m3ua", () => new M3uaParser(service, sccp, isM2ua: false));
        ParserKind<M3uaParser> m2ua = registrar.Parser("m2ua", () => new M3uaParser(service, sccp, isM2ua: true));
        registrar.Sctp(
            "m3ua",
            0,
            [1, 0],
            (session, _, bytes) =>
            {
                if (bytes.Length < HeaderLength || !Has(session.Fields, payload, M3uaPayload))
                    return;
                session.AddProtocol("m3ua"u8);
                session.Add(m3ua);
            }
        );
        registrar.Sctp(
            "m2ua",
            0,
            [1, 0],
            (session, _, bytes) =>
            {
                if (bytes.Length < HeaderLength || !Has(session.Fields, payload, M2uaPayload))
                    return;
                session.AddProtocol("m2ua"u8);
                session.Add(m2ua);
            }
        );
    }

    private static bool Has(SpiFields values, SpiField field, long number)
    {
        foreach (SpiValue value in values.Values(field))
        {
            if (value.Long == number)
                return true;
        }
        return false;
    }
}

/// <summary>Parses messages with user data.</summary>
internal sealed class M3uaParser(SpiField service, Sccp sccp, bool isM2ua) : SessionParser
{
    private const int MtpHeader = 5;
    private const int M3uaHeader = 12;
    private const int ServiceSccp = 3;
    private const int ServiceTup = 4;
    private const int ServiceIsup = 5;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        var reader = new PacketReader(data.Bytes);
        int version = reader.U8();
        reader.Skip(1);
        int type = reader.U16();
        reader.Skip(4);
        // Other classes are about the association; they have no user data.
        if (reader.Failed || version != 1 || type != (isM2ua ? 0x0601 : 0x0101))
            return Parsed.KeepGoing;
        while (reader.Remaining >= 4)
        {
            int tag = reader.U16();
            int length = reader.U16() - 4;
            ReadOnlySpan<byte> value = reader.Take(length);
            if (reader.Failed)
                break;
            reader.Skip(Math.Min(-length & 3, reader.Remaining));
            if (isM2ua && tag == 0x0301 && !value.IsEmpty)
                value = value[1..];
            bool isMtp = isM2ua ? tag is 0x0300 or 0x0301 : tag == 0x0002;
            if (isMtp && value.Length >= MtpHeader)
                ReadUser(session, value[0] & 0xF, value[MtpHeader..]);
            else if (!isM2ua && tag == 0x0210 && value.Length >= M3uaHeader)
                ReadUser(session, value[8], value[M3uaHeader..]);
        }
        return Parsed.KeepGoing;
    }

    private void ReadUser(Session session, int indicator, ReadOnlySpan<byte> user)
    {
        session.Fields.Add(service, indicator);
        switch (indicator)
        {
            case ServiceSccp:
                sccp.Read(session, user);
                break;
            case ServiceTup:
                session.AddProtocol("tup"u8);
                break;
            case ServiceIsup:
                session.AddProtocol("isup"u8);
                break;
        }
    }
}
