using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Tls;

/// <summary>
/// A ServerHello without its handshake header (RFC 8446 section 4.1.3, RFC 5246 section 7.4.1.3): version, session id, cipher suite, JA3S.
/// <code>
/// | version (2) | random (32) | length (1), session id | cipher suite (2) | compression (1) | length (2), extensions |
/// TLS 1.3 drafts 18 to 21: | 7F, draft (1) | random (32) | cipher suite (2) | length (2), extensions |
/// </code>
/// </summary>
internal sealed class ServerHelloParser(HelloFields fields) : SubParser
{
    private const int RandomLength = 32;
    private const ushort Alpn = 16;
    private const ushort SupportedVersions = 43;
    private readonly NumberList _extensions = new(1024);
    private readonly TextScratch _text = new(8 * 1024);

    /// <inheritdoc/>
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        _extensions.Clear();
        var reader = new PacketReader(data);
        ushort version = reader.U16();
        reader.Skip(RandomLength);
        bool draft = version is >= TlsVersions.FirstDraft and < TlsVersions.FirstDraft + 22;
        ReadOnlySpan<byte> sessionId = draft ? default : reader.Take(reader.U8());
        ushort cipher = reader.U16();
        if (!draft)
            reader.Skip(1);
        if (reader.Failed)
            return false;
        ushort chosen = version;
        if (reader.Remaining >= 2)
        {
            int length = reader.U16();
            chosen = ParseExtensions(session, reader.Rest[..Math.Min(length, reader.Remaining)], version);
        }
        TlsVersions.AddTo(session.Fields, fields.Version, chosen);
        if (sessionId.Length > 0)
            session.Fields.AddHex(fields.ServerSessionId, sessionId);
        if (CipherNames.Of(cipher) is { Length: > 0 } name)
            session.Fields.Add(fields.Cipher, name);
        else
            TlsVersions.AddNumber(session.Fields, fields.Cipher, cipher);
        AddJa3s(session.Fields, version, cipher);
        return true;
    }

    /// <summary>Lists the extensions; gives the version, which since TLS 1.3 is one of them.</summary>
    private ushort ParseExtensions(Session session, ReadOnlySpan<byte> extensions, ushort version)
    {
        var reader = new PacketReader(extensions);
        while (reader.Remaining >= 4)
        {
            ushort type = reader.U16();
            int length = reader.U16();
            _extensions.Add(type);
            ReadOnlySpan<byte> body = reader.Take(length);
            if (reader.Failed)
                break;
            if (type == SupportedVersions && body is [0x03, 0x04] or [0x7F, _])
                version = (ushort)((body[0] << 8) | body[1]); // what is no version of TLS 1.3 is somebody's experiment
            else if (type == Alpn && body.SequenceEqual("\0\x03\x02h2"u8))
                session.AddProtocol("http2"u8);
        }
        return version;
    }

    private void AddJa3s(SpiFields values, ushort version, ushort cipher)
    {
        if (_extensions.IsFull)
            return;
        _text.Clear();
        _text.AddDecimal(version);
        _text.Add((byte)',');
        _text.AddDecimal(cipher);
        _text.Add((byte)',');
        _text.AddDecimals(_extensions.Values);
        _text.AddTo(values, fields.Ja3s, fields.Ja3sString, fields.KeepJa3Strings);
    }
}
