namespace FlowPipe.Parsers.Mail;

/// <summary>Where TLS may have begun because client and server agreed on it (RFC 3207, RFC 2595, RFC 4217).</summary>
internal static class TlsStart
{
    /// <summary>
    /// Whether what follows the agreement is TLS: its records begin with a number below 32 (RFC 8446 section 5.1), those of SSL 2 with one above
    /// 127. Text goes on where TLS was taken off before the capture.
    /// </summary>
    public static bool IsTls(byte first) => first is not ((>= (byte)' ' and < 127) or (byte)'\r' or (byte)'\n');
}
