using System.Text.Unicode;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http;

/// <summary>
/// One body as it comes: hashed piece by piece, and its beginning kept until it is long enough to be judged (type, passwords, the whole of a
/// small request). What is recorded does not depend on where segments break.
/// </summary>
internal sealed class HttpBody
{
    /// <summary>Bytes that a body is judged by.</summary>
    private const int LeastWindow = 1024;

    private readonly HttpFields _fields;
    private readonly int _window;
    private readonly StreamBuffer _first;
    private readonly BodyHash _md5 = new(BodyHashKind.Md5);
    private readonly BodyHash _sha256 = new(BodyHashKind.Sha256);
    private bool _request; // small enough, its text is recorded
    private bool _any;
    private bool _judged;
    private bool _broken; // bytes of it are missing: there is no digest of it

    public HttpBody(HttpFields fields)
    {
        _fields = fields;
        _window = Math.Max(LeastWindow, fields.LargestRequestBody + 1);
        _first = new StreamBuffer(_window);
    }

    /// <summary>A body may follow.</summary>
    /// <param name="request">Whether it is a request's, whose text is recorded when it is small.</param>
    public void Begin(bool request) => _request = request;

    /// <summary>Takes a piece.</summary>
    /// <param name="session">The session.</param>
    /// <param name="side">Who sent it.</param>
    /// <param name="bytes">The piece.</param>
    /// <param name="last">Whether the body ends with it.</param>
    public void Append(Session session, Side side, ReadOnlySpan<byte> bytes, bool last)
    {
        if (last && !_any && bytes.Length > 0)
        {
            Judge(session, side, bytes, whole: true);
            if (_fields.HashMd5)
                BodyHash.AddWhole(session.Fields, _fields.Md5, BodyHashKind.Md5, bytes);
            if (_fields.HashSha256)
                BodyHash.AddWhole(session.Fields, _fields.Sha256, BodyHashKind.Sha256, bytes);
            Free(session);
            return;
        }
        if (bytes.Length > 0)
            AppendPiece(session, side, bytes);
        if (last)
            End(session, side, complete: true);
    }

    /// <summary>Bytes of it never came.</summary>
    public void Gap() => _broken = true;

    /// <summary>It is over; what is known by now is recorded, its digests only when it is complete.</summary>
    public void End(Session session, Side side, bool complete)
    {
        if (!_any)
            return;
        if (!_judged)
            Judge(session, side, _first.Bytes, whole: true);
        if (complete && !_broken)
        {
            _md5.AddTo(session.Fields, _fields.Md5);
            _sha256.AddTo(session.Fields, _fields.Sha256);
        }
        Free(session);
    }

    /// <summary>Forgets all.</summary>
    public void Free(Session session)
    {
        _first.Free(session);
        _md5.Reset();
        _sha256.Reset();
        _any = _judged = _broken = false;
    }

    private void AppendPiece(Session session, Side side, ReadOnlySpan<byte> bytes)
    {
        _any = true;
        if (!_judged)
        {
            if (_first.Length == 0 && bytes.Length >= _window)
                Judge(session, side, bytes[.._window], whole: false);
            else
            {
                _first.TryAppend(session, bytes[..Math.Min(bytes.Length, _window - _first.Length)]);
                if (_first.Length == _window)
                    Judge(session, side, _first.Bytes, whole: false);
            }
        }
        if (_fields.HashMd5)
            _md5.Append(bytes);
        if (_fields.HashSha256)
            _sha256.Append(bytes);
    }

    private void Judge(Session session, Side side, ReadOnlySpan<byte> first, bool whole)
    {
        _judged = true;
        ReadOnlySpan<byte> window = first[..Math.Min(first.Length, _window)];
        session.Sub("magic")?.Parse(session, side, window, _fields.BodyMagic);
        if (HasPassword(window))
            session.AddTag("http:password"u8);
        if (_request && whole && first.Length <= _fields.LargestRequestBody && (!_fields.TextBodiesOnly || Utf8.IsValid(first)))
            session.Fields.AddText(_fields.RequestBody, first, TextEncoding.Utf8OrLatin1);
        _first.Free(session);
    }

    /// <summary>Whether a form's field is called pass, passwd or password, or ends so.</summary>
    private static bool HasPassword(ReadOnlySpan<byte> text)
    {
        for (int equal; (equal = text.IndexOf((byte)'=')) >= 0; text = text[(equal + 1)..])
        {
            ReadOnlySpan<byte> name = text[..equal];
            if (EndsWith(name, "pass"u8) || EndsWith(name, "passwd"u8) || EndsWith(name, "password"u8))
                return true;
        }
        return false;

        static bool EndsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> end) =>
            text.Length >= end.Length && System.Text.Ascii.EqualsIgnoreCase(text[^end.Length..], end);
    }
}
