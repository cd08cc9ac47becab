using System.Text.Unicode;
using FlowPipe.Abstractions;
using FlowPipe.Parsers.Certificates;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>Certificates, for all protocols that carry them: sub-parser <c>cert</c>.</summary>
public sealed class CertificatePlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "cert";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new CertificateFields(registrar);
        registrar.Sub("cert", () => new CertificateParser(fields));
    }
}

/// <summary>
/// A certificate of X.509 in DER (RFC 5280 section 4.1).
/// <code>
/// Certificate ::= SEQUENCE { SEQUENCE {
///     [0] version, default v1   INTEGER serial   SEQUENCE signature   Name issuer   SEQUENCE { Time notBefore, Time notAfter }
///     Name subject   SEQUENCE { SEQUENCE { OID algorithm, parameters }, BIT STRING key }
///     [1] issuerUniqueID   [2] subjectUniqueID   [3] { SEQUENCE OF SEQUENCE { OID, BOOLEAN critical, OCTET STRING value } }
/// }, … }
/// </code>
/// </summary>
internal sealed class CertificateParser(CertificateFields fields) : SubParser
{
    private const byte Sequence = 0x30;
    private const byte Version = 0xA0;
    private const byte Extensions = 0xA3;
    private const byte ObjectIdentifier = 0x06;
    private const byte OctetString = 0x04;
    private const byte DnsName = 0x82;
    private const byte CrlSign = 0x02;
    private const int SecondsPerDay = 24 * 60 * 60;

    // What is only known when all was read
    private bool _isAuthority;
    private bool _badName;
    private bool _beforeEpoch;
    private bool _selfSigned;

    /// <inheritdoc/>
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        _isAuthority = _badName = _beforeEpoch = _selfSigned = false;
        bool first = !session.Fields.Has(fields.Certificate);
        session.Fields.Begin(fields.Certificate);
        if (!ParseCertificate(session.Fields, data, session.FirstPacketNs / 1_000_000_000))
        {
            session.Fields.AbandonRecords();
            return false;
        }
        session.Fields.EndUnlessSeen(fields.Certificate);
        if (first && _selfSigned && !_isAuthority)
            session.AddTag("cert:self-signed"u8);
        if (_isAuthority)
            session.AddTag("cert:certificate-authority"u8);
        if (_badName)
            session.AddTag("bad-altname"u8);
        if (_beforeEpoch)
            session.AddTag("cert:pre-epoch-time"u8);
        return true;
    }

    private bool ParseCertificate(SpiFields values, ReadOnlySpan<byte> data, long firstPacket)
    {
        AddHash(values, data);
        // Of a certificate whose end was not captured, what there is: so every level may be cut off.
        var outer = new BerReader(data, cut: true);
        if (!outer.TryRead(Sequence, out BerElement certificate))
            return false;
        var inner = new BerReader(certificate.Content, cut: true);
        if (!inner.TryRead(Sequence, out BerElement signed))
            return false;
        var reader = new BerReader(signed.Content, cut: true);
        if (reader.IsNext(Version))
            reader.TryRead(out _);
        if (
            !reader.TryRead(out BerElement serial)
            || !reader.TryRead(out _) // how it is signed
            || !reader.TryRead(out BerElement issuer)
            || !reader.TryRead(out BerElement validity)
            || !reader.TryRead(out BerElement subject)
            || !reader.TryRead(out BerElement key)
        )
            return false;
        values.AddHex(fields.Serial, serial.Content);
        NameShape issued = DistinguishedName.AddTo(values, issuer.Content, fields.Issuer);
        if (!AddValidity(values, validity.Elements, firstPacket))
            return false;
        NameShape owned = DistinguishedName.AddTo(values, subject.Content, fields.Subject);
        _selfSigned = issued.IsSelf(owned) && SameNames(values);
        AddPublicKey(values, key.Content);
        while (reader.TryRead(out BerElement extra))
        {
            if (extra.Identifier == Extensions)
                AddExtensions(values, extra.Content);
        }
        return true;
    }

    /// <summary>20 bytes, colons between.</summary>
    private void AddHash(SpiFields values, ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[ShortHash.Sha1Bytes];
        ShortHash.Sha1(data, hash);
        Span<byte> text = stackalloc byte[(3 * ShortHash.Sha1Bytes) - 1];
        text.Fill((byte)':');
        for (int i = 0; i < hash.Length; i++)
            Hex.Write(hash.Slice(i, 1), text.Slice(3 * i, 2));
        values.Add(fields.Hash, text);
    }

    private bool AddValidity(SpiFields values, BerReader times, long firstPacket)
    {
        if (!times.TryRead(out BerElement from) || !times.TryRead(out BerElement to))
            return false;
        long notBefore = TimeOf(from);
        long notAfter = TimeOf(to);
        long remaining = Math.Max(0, notAfter - firstPacket);
        values.Add(fields.NotBefore, 1000 * notBefore);
        values.Add(fields.NotAfter, 1000 * notAfter);
        values.Add(fields.RemainingDays, remaining / SecondsPerDay);
        values.Add(fields.RemainingSeconds, remaining);
        values.Add(fields.ValidDays, (notAfter - notBefore) / SecondsPerDay);
        values.Add(fields.ValidSeconds, notAfter - notBefore);
        return true;
    }

    /// <summary>Seconds since 1970; 0 for what is before or no time.</summary>
    private long TimeOf(BerElement time)
    {
        if (!time.TryGetTime(out long seconds))
            return 0;
        _beforeEpoch |= seconds < 0;
        return Math.Max(0, seconds);
    }

    /// <summary>Whether issuer and subject have the same common name and organisation.</summary>
    private bool SameNames(SpiFields values) =>
        values.TryGetUtf8(fields.Issuer.CommonName, out ReadOnlySpan<byte> issuer)
        && values.TryGetUtf8(fields.Subject.CommonName, out ReadOnlySpan<byte> subject)
        && issuer.SequenceEqual(subject)
        && SameOrganizations(values);

    private bool SameOrganizations(SpiFields values)
    {
        bool issued = values.TryGetUtf8(fields.Issuer.Organization, out ReadOnlySpan<byte> issuer);
        bool owned = values.TryGetUtf8(fields.Subject.Organization, out ReadOnlySpan<byte> subject);
        return issued == owned && issuer.SequenceEqual(subject);
    }

    private void AddPublicKey(SpiFields values, ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        Span<byte> number = stackalloc byte[128];
        var reader = new BerReader(subjectPublicKeyInfo);
        if (!reader.TryRead(out BerElement algorithm))
        {
            values.Add(fields.PublicAlgorithm, "corrupt"u8);
            return;
        }
        BerReader parts = algorithm.Elements;
        if (!parts.TryRead(out BerElement identifier))
        {
            values.Add(fields.PublicAlgorithm, "corrupt"u8);
            return;
        }
        ReadOnlySpan<byte> oid = number[..identifier.WriteObjectIdentifier(number)];
        values.Add(fields.PublicAlgorithm, PublicKeyNames.AlgorithmOf(oid));
        if (!oid.SequenceEqual(PublicKeyNames.EllipticCurve))
            return;
        // A curve may also be given by its numbers, which nobody does.
        if (!parts.TryRead(ObjectIdentifier, out BerElement curve) || curve.Content.Length > PublicKeyNames.LongestCurve)
            values.Add(fields.Curve, "corrupt"u8);
        else
            values.Add(fields.Curve, PublicKeyNames.CurveOf(number[..curve.WriteObjectIdentifier(number)]));
    }

    private void AddExtensions(SpiFields values, ReadOnlySpan<byte> content)
    {
        var wrapped = new BerReader(content, cut: true);
        if (!wrapped.TryRead(Sequence, out BerElement list))
            return;
        var extensions = new BerReader(list.Content, cut: true);
        while (extensions.TryRead(out BerElement extension))
        {
            BerReader parts = extension.Elements;
            if (!parts.TryRead(ObjectIdentifier, out BerElement identifier))
                continue;
            BerElement value = default;
            while (parts.TryRead(out BerElement part))
            {
                if (part.Identifier == OctetString)
                    value = part;
            }
            if (identifier.Content.SequenceEqual<byte>([0x55, 0x1D, 0x0F]))
                AddKeyUsage(value.Content);
            else if (identifier.Content.SequenceEqual<byte>([0x55, 0x1D, 0x11]))
                AddAlternativeNames(values, value.Elements);
        }
    }

    /// <summary>Key usage (2.5.29.15): who may sign lists of revoked certificates is an authority, as Arkime has it.</summary>
    private void AddKeyUsage(ReadOnlySpan<byte> bitString)
    {
        if (bitString.Length == 4)
            _isAuthority = (bitString[3] & CrlSign) != 0;
    }

    /// <summary>Subject alternative name (2.5.29.17): the host names among the names.</summary>
    private void AddAlternativeNames(SpiFields values, BerReader wrapped)
    {
        if (!wrapped.TryRead(Sequence, out BerElement list))
            return;
        BerReader names = list.Elements;
        while (names.TryRead(out BerElement name))
        {
            if (name.Identifier != DnsName)
                continue;
            if (Utf8.IsValid(name.Content))
                values.AddLower(fields.AlternativeName, name.Content);
            else
                _badName = true;
        }
    }
}
