using FlowPipe.Abstractions;
using FlowPipe.Parsers.Mail;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// FTP's control connection (RFC 959), with TLS (RFC 4217).
/// <code>
///                              220-Welcome
///                              220 ready
/// USER anonymous
///                              331 Password please
/// RETR file
///                              150 Here it comes
/// </code>
/// </summary>
public sealed class FtpPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "ftp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new FtpFields(registrar);
        ParserKind<FtpParser>? kind = null;
        kind = registrar.Parser("ftp", () => new FtpParser(fields, kind!));
        registrar.Tcp("ftp", 0, "220 "u8, (session, side, first) => Greeted(session, kind, side, first));
        registrar.Tcp("ftp", 0, "220-"u8, (session, side, first) => Greeted(session, kind, side, first));
    }

    /// <summary>Mail servers greet so too. What does not say that it is one shows by its client's first command what it is.</summary>
    private static void Greeted(Session session, ParserKind<FtpParser> kind, Side server, ReadOnlySpan<byte> first)
    {
        if (session.HasProtocol("ftp"u8) || first.IndexOf("LMTP"u8) >= 0 || first.IndexOf("SMTP"u8) >= 0 || first.IndexOf(" TLS"u8) >= 0)
            return;
        session.Add(kind)?.Begin(server);
    }
}

/// <summary>The fields of FTP.</summary>
internal sealed class FtpFields(IRegistrar registrar)
{
    public readonly SpiField User = registrar.Field("user");
    public readonly SpiField Command = registrar.Field("ftp.command");
    public readonly SpiField FileName = registrar.Field("ftp.filename");
    public readonly SpiField ResponseCode = registrar.Field("ftp.responseCode");
    public readonly SpiField Banner = registrar.Field("ftp.banner");

    /// <summary>Arkime reads TLS as lines.</summary>
    public readonly bool Quirks = registrar.Setting(
        "arkimeQuirks",
        false,
        "Do as Arkime does where it is wrong, to compare documents with its own"
    );
}

/// <summary>One session's state.</summary>
internal sealed class FtpParser(FtpFields fields, ParserKind<FtpParser> kind) : SessionParser
{
    private const int LongestLine = 4096;
    private const int LongestCommand = 8;

    private readonly StreamBuffer _fromClient = new(LongestLine);

    /// <summary>Holds the greeting until it is known to be FTP's, then lines that are not complete.</summary>
    private readonly StreamBuffer _fromServer = new(LongestLine);

    private Side _server;
    private bool _isFtp;
    private bool _sawBanner;
    private bool _askedForTls;
    private bool _tlsBegins;
    private bool _stopped;
    private bool _clientInTls; // until text goes on
    private bool _serverInTls;
    private TlsRecords _clientRecords;
    private TlsRecords _serverRecords;

    /// <summary>Its first call.</summary>
    public void Begin(Side server) => _server = server;

    /// <summary>The first call of the one that waits for TLS to end.</summary>
    private void BeginInTls(Side server)
    {
        _server = server;
        _isFtp = _sawBanner = _clientInTls = _serverInTls = true;
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (_stopped)
            return Parsed.Unregister;
        bool server = data.Side == _server;
        StreamBuffer kept = server ? _fromServer : _fromClient;
        if (data.GapBefore > 0 && !Gap(session, kept, server, data.GapBefore))
            return Parsed.Unregister;
        ReadOnlySpan<byte> rest = data.Bytes;
        if ((server ? _serverInTls : _clientInTls) && !SkipTls(ref rest, server))
            return Parsed.Unregister;
        rest = kept.Join(session, rest);
        if (server && !_isFtp)
        {
            if (rest.Length <= LongestLine && !data.End)
                return kept.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
            BeFtp(session);
        }
        while (rest.Length > 0)
        {
            if (_tlsBegins && TlsStart.IsTls(rest[0]))
                return BeginTls(session, data, rest);
            if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
                break;
            if (line.Length > LongestLine)
                return Parsed.Unregister;
            if (server)
                ServerLine(session, line);
            else if (!ClientLine(session, line))
                return Parsed.Unregister;
        }
        return kept.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <summary>A client that never said a word: the greeting is all there is.</summary>
    public override void Save(Session session, bool final)
    {
        if (!_isFtp)
            BelatedGreeting(session);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _fromClient.Free(session);
        _fromServer.Free(session);
        _isFtp = _sawBanner = _askedForTls = _tlsBegins = _stopped = _clientInTls = _serverInTls = false;
        _clientRecords = _serverRecords = default;
    }

    /// <summary>The session is TLS's; another of this kind waits for the end of it.</summary>
    private Parsed BeginTls(Session session, in StreamData data, ReadOnlySpan<byte> rest)
    {
        session.Classify(data.Side, rest);
        if (session.Add(kind) is { } after)
        {
            after.BeginInTls(_server);
            if (after.Parse(session, new StreamData(data.Side, rest, data.TimestampNs)) != Parsed.KeepGoing)
                after.Stop();
        }
        return Parsed.Unregister;
    }

    /// <summary>Whatever follows is not understood.</summary>
    private void Stop() => _stopped = true;

    private bool Gap(Session session, StreamBuffer kept, bool server, int bytes)
    {
        if (server ? _serverInTls : _clientInTls)
            return server ? _serverRecords.Gap(bytes) : _clientRecords.Gap(bytes);
        kept.Free(session);
        return true;
    }

    private bool SkipTls(ref ReadOnlySpan<byte> rest, bool server)
    {
        if (server)
        {
            bool records = _serverRecords.Skip(ref rest);
            _serverInTls = rest.Length == 0;
            return records;
        }
        bool isTls = _clientRecords.Skip(ref rest);
        _clientInTls = rest.Length == 0;
        return isTls;
    }

    private void BeFtp(Session session)
    {
        _isFtp = true;
        session.AddProtocol("ftp"u8);
    }

    /// <summary>It is FTP: what the server said so far counts.</summary>
    private void BelatedGreeting(Session session)
    {
        BeFtp(session);
        ReadOnlySpan<byte> rest = _fromServer.Bytes;
        while (Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
            ServerLine(session, line);
        _fromServer.Keep(session, rest);
    }

    private void ServerLine(Session session, ReadOnlySpan<byte> line)
    {
        if (line.Length < 4 || line[..3].IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
            return;
        int code = MailText.Number(line[..3]);
        session.Fields.Add(fields.ResponseCode, code);
        if (_askedForTls)
        {
            _askedForTls = false;
            _tlsBegins = code == 234;
        }
        if (code != 220 || _sawBanner)
            return;
        ReadOnlySpan<byte> text = line[4..].Trim("- \t"u8);
        if (text.Length > 0)
            _sawBanner = session.Fields.AddText(fields.Banner, text, TextEncoding.Utf8OrLatin1);
    }

    /// <returns>False when it is no FTP client.</returns>
    private bool ClientLine(Session session, ReadOnlySpan<byte> line)
    {
        line = Lines.Trim(line);
        int space = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> command = space < 0 ? line : line[..space];
        if (MailHeaders.Is(command, "helo"u8) || MailHeaders.Is(command, "ehlo"u8) || MailHeaders.Is(command, "lhlo"u8))
            return false;
        if (!_isFtp)
            BelatedGreeting(session);
        if (command.Length is < 3 or > LongestCommand)
            return true;
        Span<byte> upper = stackalloc byte[LongestCommand];
        upper = upper[..command.Length];
        for (int i = 0; i < command.Length; i++)
        {
            upper[i] = (byte)(command[i] & ~0x20);
            if (upper[i] is < (byte)'A' or > (byte)'Z')
                return true;
        }
        session.Fields.Add(fields.Command, upper);
        Arguments(session, upper, space < 0 ? default : Lines.Trim(line[space..]));
        return true;
    }

    private void Arguments(Session session, ReadOnlySpan<byte> command, ReadOnlySpan<byte> text)
    {
        if (text.Length == 0)
            return;
        if (command.SequenceEqual("USER"u8))
            session.Fields.AddLower(fields.User, text);
        else if (command.SequenceEqual("PASS"u8))
            session.AddTag("ftp:password"u8);
        else if (command.SequenceEqual("AUTH"u8) && !fields.Quirks)
            _askedForTls = true;
        else if (NamesFile(command))
            session.Fields.AddText(fields.FileName, text, TextEncoding.Utf8OrLatin1);
    }

    private static bool NamesFile(ReadOnlySpan<byte> command) =>
        command.SequenceEqual("RETR"u8)
        || command.SequenceEqual("STOR"u8)
        || command.SequenceEqual("STOU"u8)
        || command.SequenceEqual("APPE"u8)
        || command.SequenceEqual("DELE"u8)
        || command.SequenceEqual("RNFR"u8)
        || command.SequenceEqual("RNTO"u8)
        || command.SequenceEqual("MKD"u8)
        || command.SequenceEqual("RMD"u8)
        || command.SequenceEqual("SIZE"u8)
        || command.SequenceEqual("MDTM"u8);
}
