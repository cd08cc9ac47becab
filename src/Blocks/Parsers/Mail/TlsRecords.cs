namespace FlowPipe.Parsers.Mail;

/// <summary>
/// Steps over one side's TLS records, to find where text goes on after them: FTP clients take TLS off once they have logged in (CCC, RFC 4217
/// section 12.3).
/// <code>
///  0        1        2        3        4        5
/// +--------+--------+--------+--------+--------+----
/// | type   | version (3, x)  | length          | …     types 20 to 24
/// +--------+--------+--------+--------+--------+----
/// | 1, length       | …                                the first message of SSL 2's form
/// +--------+--------+----
/// </code>
/// </summary>
internal struct TlsRecords
{
    private const int HeaderBytes = 5;
    private const int OldHeaderBytes = 2;

    /// <summary>2^14 of text and what encryption may add (RFC 5246 section 6.2.3).</summary>
    private const int LongestRecord = (1 << 14) + 2048;

    private ulong _header;
    private int _headerBytes;
    private int _left; // of the record

    /// <summary>Steps over what is TLS.</summary>
    /// <param name="rest">What is left, which begins with something else.</param>
    /// <returns>False when a record is malformed.</returns>
    public bool Skip(ref ReadOnlySpan<byte> rest)
    {
        while (rest.Length > 0)
        {
            if (_left > 0)
            {
                int skipped = Math.Min(_left, rest.Length);
                rest = rest[skipped..];
                _left -= skipped;
                continue;
            }
            if (_headerBytes == 0 && !TlsStart.IsTls(rest[0]))
                return true;
            _header = (_header << 8) | rest[0];
            _headerBytes++;
            rest = rest[1..];
            if (!EndHeader())
                return false;
        }
        return true;
    }

    /// <summary>Bytes never came.</summary>
    /// <returns>False when the next record can't be found.</returns>
    public bool Gap(int bytes)
    {
        if (bytes > _left)
            return false;
        _left -= bytes;
        return true;
    }

    private bool EndHeader()
    {
        bool old = (_header >> (8 * (_headerBytes - 1))) >= 0x80;
        if (_headerBytes < (old ? OldHeaderBytes : HeaderBytes))
            return true;
        _left = (int)(_header & (old ? 0x7FFFu : 0xFFFFu));
        bool whole = old || (_header >> 32 is >= 20 and <= 24 && (byte)(_header >> 24) == 3 && _left <= LongestRecord);
        _header = 0;
        _headerBytes = 0;
        return whole;
    }
}
