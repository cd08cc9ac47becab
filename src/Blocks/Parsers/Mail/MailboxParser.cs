using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Mail;

/// <summary>
/// What the two protocols that read mailboxes share: a line a message in both directions, NTLM's messages in BASE64 among them, and TLS that
/// begins where a line would.
/// </summary>
/// <param name="tooLong">Tag of a session with a line that is longer than <see cref="LongestLine"/>.</param>
internal abstract class MailboxParser(byte[] tooLong) : SessionParser
{
    protected const int LongestLine = 16_384;

    private readonly StreamBuffer _fromClient = new(LongestLine);
    private readonly StreamBuffer _fromServer = new(LongestLine);
    private Side _server;

    /// <summary>Whether lines may be NTLM's.</summary>
    protected bool IsNtlm { get; set; }

    /// <summary>Whether the server agreed to TLS.</summary>
    protected bool IsTlsNext { get; set; }

    /// <summary>Its first call.</summary>
    public void Begin(Side server) => _server = server;

    /// <inheritdoc/>
    public sealed override Parsed Parse(Session session, in StreamData data)
    {
        bool server = data.Side == _server;
        StreamBuffer kept = server ? _fromServer : _fromClient;
        if (data.GapBefore > 0)
            kept.Free(session); // the line after it is taken for one, which does no harm
        ReadOnlySpan<byte> rest = kept.Join(session, data.Bytes);
        while (rest.Length > 0)
        {
            if (IsTlsNext && TlsStart.IsTls(rest[0]))
            {
                session.Classify(data.Side, rest);
                return Parsed.Unregister;
            }
            if (!Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
                break;
            if (line.Length > LongestLine)
                return TooLong(session);
            if (Line(session, data.Side, server, line) == Parsed.Unregister)
                return Parsed.Unregister;
        }
        return kept.Keep(session, rest) ? Parsed.KeepGoing : TooLong(session);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _fromClient.Free(session);
        _fromServer.Free(session);
        IsNtlm = IsTlsNext = false;
    }

    protected abstract Parsed ServerLine(Session session, ReadOnlySpan<byte> line);

    protected abstract Parsed ClientLine(Session session, Side side, ReadOnlySpan<byte> line);

    /// <summary>Every message of NTLM.</summary>
    protected virtual Parsed Ntlm() => Parsed.KeepGoing;

    private Parsed Line(Session session, Side side, bool server, ReadOnlySpan<byte> line)
    {
        if (IsNtlm && SaslText.TryNtlm(session, side, server && line.StartsWith("+ "u8) ? line[2..] : line))
            return Ntlm();
        return server ? ServerLine(session, line) : ClientLine(session, side, line);
    }

    private Parsed TooLong(Session session)
    {
        session.AddTag(tooLong);
        return Parsed.Unregister;
    }
}
