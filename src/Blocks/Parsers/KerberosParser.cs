using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Kerberos 5 (RFC 4120 section 5): messages to and from the key distribution centre, in DER, over TCP behind their length (4).
/// <code>
/// 10 AS-REQ, 12 TGS-REQ:  [APPLICATION n] SEQUENCE { [1] version 5, [2] type, [3] data, [4] SEQUENCE { [1] client, [2] realm, [3] service, [8] SEQUENCE OF encryption type, … } }
/// 11 AS-REP, 13 TGS-REP:  [APPLICATION n] SEQUENCE { [0] version 5, [1] type, [3] realm, [4] client, … }
/// 30 KRB-ERROR:           [APPLICATION 30] SEQUENCE { … [6] code, [7] realm, [8] client, [9] realm, [10] service, … }
/// name:                   SEQUENCE { [0] type, [1] SEQUENCE OF GeneralString }
/// </code>
/// </summary>
public sealed class KerberosPlugin : IFlowPipePlugin
{
    private const ushort Port = 88;

    /// <inheritdoc/>
    public string Name => "krb5";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new KerberosFields(registrar);
        ParserKind<KerberosParser> kind = registrar.Parser("krb5", () => new KerberosParser(fields));
        registrar.Port(
            "krb5",
            SessionType.Udp,
            Port,
            null,
            (session, _, bytes) =>
            {
                if (KerberosParser.IsType(bytes[0]))
                    session.Add(kind);
            }
        );
        registrar.Port(
            "krb5",
            SessionType.Tcp,
            Port,
            null,
            (session, _, bytes) =>
            {
                // Lengths of messages are below 64 KiB.
                if (
                    bytes.Length > KerberosParser.LengthLength
                    && bytes[0] == 0
                    && bytes[1] == 0
                    && KerberosParser.IsType(bytes[KerberosParser.LengthLength])
                )
                    session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class KerberosFields(IRegistrar registrar)
{
    public SpiField Realm { get; } = registrar.Field("krb5.realm");
    public SpiField Client { get; } = registrar.Field("krb5.cname");
    public SpiField Service { get; } = registrar.Field("krb5.sname");
    public SpiField EncryptionType { get; } = registrar.Field("krb5.etype");
    public SpiField Error { get; } = registrar.Field("krb5.error");
}

/// <summary>Parses messages.</summary>
internal sealed class KerberosParser(KerberosFields fields) : MessageParser(Longest)
{
    public const int LengthLength = 4;
    private const int Longest = ushort.MaxValue + LengthLength;
    private const byte Sequence = 0x30;
    private const int LongestName = 256;
    private const int MostEncryptionTypes = 64;

    /// <summary>Whether a message may begin with this identifier: [APPLICATION 10] to [APPLICATION 13], and 30.</summary>
    public static bool IsType(byte identifier) => identifier is 0x6A or 0x6B or 0x6C or 0x6D or 0x7E;

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthLength)
            return Incomplete;
        uint length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return length is > 0 and <= ushort.MaxValue ? LengthLength + (int)length : Malformed;
    }

    /// <inheritdoc/>
    protected override void OnMalformed(Session session) => session.AddTag("krb5:record-too-long"u8);

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (session.Protocol.Type == SessionType.Tcp)
            message = message[LengthLength..];
        var outer = new BerReader(message, cut: true);
        if (!outer.TryRead(out BerElement whole) || !IsType(whole.Identifier))
            return true;
        var inner = new BerReader(whole.Content, cut: true);
        if (!inner.TryRead(Sequence, out BerElement body))
            return true;
        var elements = new BerReader(body.Content, cut: true);
        switch (whole.Number)
        {
            case 10 or 12:
                while (elements.TryRead(out BerElement element))
                {
                    if (element.Number != 4 || !element.Elements.TryRead(Sequence, out BerElement request))
                        continue;
                    session.AddProtocol("krb5"u8);
                    ReadRequest(session.Fields, request.Elements);
                }
                break;
            case 11 or 13:
                session.AddProtocol("krb5"u8);
                break;
            case 30:
                session.AddProtocol("krb5"u8);
                ReadError(session.Fields, elements);
                break;
        }
        return true;
    }

    private void ReadRequest(SpiFields values, BerReader elements)
    {
        while (elements.TryRead(out BerElement element))
        {
            switch (element.Number)
            {
                case 1:
                    AddName(values, fields.Client, element);
                    break;
                case 2:
                    AddText(values, fields.Realm, element);
                    break;
                case 3:
                    AddName(values, fields.Service, element);
                    break;
                case 8 when element.Elements.TryRead(Sequence, out BerElement list):
                    BerReader types = list.Elements;
                    for (int i = 0; i < MostEncryptionTypes && types.TryRead(out BerElement type); i++)
                    {
                        if (type.TryGetInteger(out long number) && KerberosNames.EncryptionType(number) is { IsEmpty: false } name)
                            values.Add(fields.EncryptionType, name);
                    }
                    break;
            }
        }
    }

    private void ReadError(SpiFields values, BerReader elements)
    {
        while (elements.TryRead(out BerElement element))
        {
            switch (element.Number)
            {
                case 6 when element.Elements.TryRead(out BerElement code) && code.TryGetInteger(out long number):
                    if (KerberosNames.Error(number) is { IsEmpty: false } name)
                        values.Add(fields.Error, name);
                    break;
                case 7 or 9:
                    AddText(values, fields.Realm, element);
                    break;
                case 8:
                    AddName(values, fields.Client, element);
                    break;
                case 10:
                    AddName(values, fields.Service, element);
                    break;
            }
        }
    }

    private static void AddText(SpiFields values, SpiField field, BerElement element)
    {
        if (element.Elements.TryRead(out BerElement text) && !text.Content.IsEmpty)
            values.AddText(field, text.Content, TextEncoding.Utf8OrLatin1);
    }

    /// <summary>Adds a name, its parts with slashes between them (RFC 1964 section 2.1.1).</summary>
    private static void AddName(SpiFields values, SpiField field, BerElement element)
    {
        if (!element.Elements.TryRead(Sequence, out BerElement name))
            return;
        BerReader parts = name.Elements;
        if (
            !parts.TryRead(0xA0, out _)
            || !parts.TryRead(0xA1, out BerElement strings)
            || !strings.Elements.TryRead(Sequence, out BerElement list)
        )
            return;
        var text = new TextBuilder(stackalloc byte[LongestName]);
        BerReader components = list.Elements;
        for (int i = 0; components.TryRead(out BerElement component); i++)
        {
            if (i > 0)
                text.Append("/"u8);
            text.Append(component.Content);
        }
        if (!text.Text.IsEmpty)
            values.AddText(field, text.Text, TextEncoding.Utf8OrLatin1);
    }
}
