using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Tls;

/// <summary>
/// A ClientHello without its handshake header (RFC 8446 section 4.1.2, RFC 6347 section 4.2.1): session id, server name, JA3, JA4.
/// <code>
/// | version (2) | random (32) | length (1), session id | DTLS only: length (1), cookie | length (2), cipher suites (2 each) |
/// | length (1), compression methods | length (2), extensions: | type (2) | length (2) | … |
/// </code>
/// JA3 is version, cipher suites, extensions, groups and point formats; JA4 is sorted, so that clients that shuffle stay the same
/// (github.com/FoxIO-LLC/ja4, technical_details/JA4.md). Both leave GREASE out.
/// </summary>
internal sealed class ClientHelloParser(HelloFields fields, Transport transport) : SubParser
{
    private const int RandomLength = 32;
    private const ushort ServerName = 0;
    private const ushort SupportedGroups = 10;
    private const ushort PointFormats = 11;
    private const ushort SignatureAlgorithms = 13;
    private const ushort Alpn = 16;
    private const ushort SupportedVersions = 43;
    private const ushort EncryptedServerName = 0xFFCE;
    private const ushort EncryptedClientHello = 0xFE0D;

    /// <summary>Entries of one list that are taken; a hello that has more is no client's, and gets no fingerprint.</summary>
    private const int LongestList = 2048;

    private readonly NumberList _ciphers = new(LongestList);
    private readonly NumberList _extensions = new(LongestList);
    private readonly NumberList _sorted = new(LongestList);
    private readonly NumberList _groups = new(LongestList);
    private readonly NumberList _formats = new(256);
    private readonly NumberList _algorithms = new(LongestList);
    private readonly TextScratch _text = new(32 * 1024);
    private ushort _legacyVersion;
    private ushort _version;
    private bool _hasServerName;
    private byte _alpnFirst;
    private byte _alpnLast;

    /// <inheritdoc/>
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        Reset();
        var reader = new PacketReader(data);
        _legacyVersion = _version = reader.U16();
        reader.Skip(RandomLength);
        ReadOnlySpan<byte> sessionId = reader.Take(reader.U8());
        if (transport == Transport.Dtls)
            reader.Skip(reader.U8());
        ReadOnlySpan<byte> ciphers = reader.Take(reader.U16());
        reader.Skip(reader.U8());
        if (reader.Failed)
            return false;
        AddNumbers(ciphers, _ciphers);
        if (reader.Remaining >= 2)
        {
            int length = reader.U16();
            ParseExtensions(session, reader.Rest[..Math.Min(length, reader.Remaining)]);
        }
        if (sessionId.Length > 0 && TakesAll)
            session.Fields.AddHex(fields.ClientSessionId, sessionId);
        AddFingerprints(session.Fields);
        return true;
    }

    /// <summary>Whether this hello gives more than JA4.</summary>
    private bool TakesAll => transport != Transport.Dtls || fields.Datagrams;

    private void Reset()
    {
        _ciphers.Clear();
        _extensions.Clear();
        _sorted.Clear();
        _groups.Clear();
        _formats.Clear();
        _algorithms.Clear();
        _hasServerName = false;
        _alpnFirst = _alpnLast = (byte)'0';
    }

    private void ParseExtensions(Session session, ReadOnlySpan<byte> extensions)
    {
        var reader = new PacketReader(extensions);
        while (reader.Remaining >= 4)
        {
            ushort type = reader.U16();
            int length = reader.U16();
            bool grease = Grease.IsGrease(type);
            if (!grease)
                AddExtension(type);
            ReadOnlySpan<byte> body = reader.Take(length);
            if (reader.Failed)
                return; // it reaches beyond the hello: named, but without content
            if (!grease)
                ParseExtension(session, type, body);
        }
    }

    private void AddExtension(ushort type)
    {
        _extensions.Add(type);
        if (type is not (ServerName or Alpn))
            _sorted.Add(type);
        _hasServerName |= type == ServerName;
    }

    private void ParseExtension(Session session, ushort type, ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        switch (type)
        {
            case ServerName:
                ParseServerName(session, ref reader);
                break;
            case SupportedGroups:
                AddNumbers(TakeList(ref reader, reader.U16()), _groups);
                break;
            case PointFormats:
                foreach (byte format in TakeList(ref reader, reader.U8()))
                    _formats.Add(format);
                break;
            case SignatureAlgorithms:
                AddNumbers(TakeList(ref reader, reader.U16()), _algorithms);
                break;
            case Alpn:
                ParseAlpn(ref reader);
                break;
            case SupportedVersions:
                ParseVersions(TakeList(ref reader, reader.U8()));
                break;
            case EncryptedServerName when TakesAll:
                session.AddTag("tls:has_esni"u8);
                break;
            case EncryptedClientHello when TakesAll:
                session.AddTag("tls:has_ech"u8);
                break;
        }
    }

    /// <summary>A list of that many bytes, or what there is of it.</summary>
    private static ReadOnlySpan<byte> TakeList(ref PacketReader reader, int length) => reader.Take(Math.Min(length, reader.Remaining));

    private static void AddNumbers(ReadOnlySpan<byte> bytes, NumberList list)
    {
        var reader = new PacketReader(bytes);
        while (reader.Remaining >= 2)
        {
            ushort value = reader.U16();
            if (!Grease.IsGrease(value))
                list.Add(value);
        }
    }

    /// <summary>RFC 6066 section 3: a list, of which type 0 is a host name.</summary>
    private void ParseServerName(Session session, ref PacketReader reader)
    {
        reader.Skip(2);
        byte type = reader.U8();
        ReadOnlySpan<byte> name = reader.Take(reader.U16());
        if (!reader.Failed && type == 0 && name.Length > 0 && TakesAll)
            session.Fields.Add(fields.Host, name);
    }

    private void ParseAlpn(ref PacketReader reader)
    {
        reader.Skip(2);
        ReadOnlySpan<byte> first = reader.Take(reader.U8());
        if (reader.Failed || first.Length == 0)
            return;
        (_alpnFirst, _alpnLast) = (first[0], first[^1]);
        // As FoxIO's own tools do with what is no text (GREASE is put here too).
        if (_alpnFirst is < 0x20 or > 0x7E || _alpnLast is < 0x20 or > 0x7E)
            _alpnFirst = _alpnLast = (byte)'9';
    }

    /// <summary>The newest version counts; DTLS counts downwards.</summary>
    private void ParseVersions(ReadOnlySpan<byte> versions)
    {
        ushort newest = 0;
        var reader = new PacketReader(versions);
        while (reader.Remaining >= 2)
        {
            ushort version = reader.U16();
            if (!Grease.IsGrease(version) && (newest == 0 || (transport == Transport.Dtls ? version < newest : version > newest)))
                newest = version;
        }
        if (newest != 0)
            _version = newest;
    }

    private void AddFingerprints(SpiFields values)
    {
        if (_ciphers.IsFull || _extensions.IsFull || _groups.IsFull || _algorithms.IsFull)
            return;
        if (TakesAll)
            AddJa3(values);
        AddJa4(values);
    }

    private void AddJa3(SpiFields values)
    {
        _text.Clear();
        _text.AddDecimal(_legacyVersion);
        _text.Add((byte)',');
        _text.AddDecimals(_ciphers.Values);
        _text.Add((byte)',');
        _text.AddDecimals(_extensions.Values);
        _text.Add((byte)',');
        _text.AddDecimals(_groups.Values);
        _text.Add((byte)',');
        _text.AddDecimals(_formats.Values);
        _text.AddTo(values, fields.Ja3, fields.Ja3String, fields.KeepJa3Strings);
    }

    /// <summary><c>t13d1516h2_8daaf6152771_e5627efa2ab1</c>; with the lists themselves after the first underscore it is the raw form.</summary>
    private void AddJa4(SpiFields values)
    {
        Span<byte> ja4 = stackalloc byte[36];
        ja4[0] = transport switch
        {
            Transport.Dtls => (byte)'d',
            Transport.Quic => (byte)'q',
            _ => (byte)'t',
        };
        TlsVersions.Ja4Of(_version).CopyTo(ja4[1..]);
        ja4[3] = _hasServerName ? (byte)'d' : (byte)'i';
        WriteCount(_ciphers.Count, ja4[4..]);
        WriteCount(_extensions.Count, ja4[6..]);
        ja4[8] = _alpnFirst;
        ja4[9] = _alpnLast;
        ja4[10] = ja4[23] = (byte)'_';

        _text.Clear();
        _text.Add(ja4[..11]);
        int from = _text.Length;
        _ciphers.Values.Sort();
        _text.AddHexadecimals(_ciphers.Values);
        _text.WriteShortHash(from, ja4.Slice(11, 12));

        _text.Add((byte)'_');
        from = _text.Length;
        _sorted.Values.Sort();
        _text.AddHexadecimals(_sorted.Values);
        if (_algorithms.Count > 0)
        {
            _text.Add((byte)'_');
            _text.AddHexadecimals(_algorithms.Values);
        }
        _text.WriteShortHash(from, ja4.Slice(24, 12));
        if (_text.IsFull)
            return;
        values.Add(fields.Ja4, ja4);
        if (fields.KeepJa4Raw)
            values.Add(fields.Ja4Raw, _text.Text);
    }

    /// <summary>Two digits, 99 at most.</summary>
    private static void WriteCount(int count, Span<byte> digits)
    {
        count = Math.Min(count, 99);
        digits[0] = (byte)('0' + (count / 10));
        digits[1] = (byte)('0' + (count % 10));
    }
}
