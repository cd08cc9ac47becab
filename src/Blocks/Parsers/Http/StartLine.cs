namespace FlowPipe.Parsers.Http;

/// <summary>
/// A message's first line (RFC 9112 sections 3 and 4), and that of HTTP/0.9, which has no version.
/// <code>
/// request:  method SP target SP HTTP/1.1      method SP target
/// response: HTTP/1.1 SP 200 [SP reason]
/// </code>
/// </summary>
internal readonly ref struct StartLine
{
    private StartLine(byte[] method, ReadOnlySpan<byte> target, byte major, byte minor)
    {
        IsValid = true;
        IsRequest = true;
        Method = method;
        Target = target;
        Major = major;
        Minor = minor;
    }

    private StartLine(ReadOnlySpan<byte> target)
    {
        Method = [];
        Target = target;
    }

    private StartLine(byte major, byte minor, int status)
    {
        IsValid = true;
        Method = [];
        Major = major;
        Minor = minor;
        Status = status;
    }

    public bool IsValid { get; }

    public bool IsRequest { get; }

    public byte[] Method { get; }

    /// <summary>What is asked for; also where the version that follows it is none.</summary>
    public ReadOnlySpan<byte> Target { get; }

    public byte Major { get; }

    public byte Minor { get; }

    public int Status { get; }

    public static StartLine Of(ReadOnlySpan<byte> line) => line.StartsWith("HTTP/"u8) ? Response(line) : Request(line);

    private static StartLine Response(ReadOnlySpan<byte> line)
    {
        // HTTP/1.1 200
        if (line.Length < 12 || !TryVersion(line[5..8], out byte major, out byte minor) || line[8] != ' ')
            return default;
        int status = 0;
        foreach (byte digit in line[9..12])
        {
            if (!char.IsAsciiDigit((char)digit))
                return default;
            status = (10 * status) + digit - '0';
        }
        return line.Length == 12 || line[12] == ' ' ? new StartLine(major, minor, status) : default;
    }

    private static StartLine Request(ReadOnlySpan<byte> line)
    {
        int space = line.IndexOf((byte)' ');
        if (space <= 0)
            return default;
        ReadOnlySpan<byte> rest = line[space..].TrimStart((byte)' ');
        int end = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> target = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[end..].TrimStart((byte)' ');
        if (target.IsEmpty || target.IndexOfAnyInRange((byte)0, (byte)' ') >= 0)
            return default;
        byte major = 0;
        byte minor = 9;
        int slash = rest.IndexOf((byte)'/');
        bool noVersion = rest.Length != slash + 4 || rest.IndexOf((byte)' ') >= 0 || !TryVersion(rest[(slash + 1)..], out major, out minor);
        if (noVersion && !rest.IsEmpty)
            return HttpMethods.Find(HttpMethods.Http, line[..space]) is { } known && IsTarget(known, target, strict: true)
                ? new(target)
                : default;
        byte[]? method = HttpMethods.Find(MethodsOf(slash < 0 ? default : rest[..slash]), line[..space]);
        return method is not null && IsTarget(method, target, strict: rest.IsEmpty) ? new(method, target, major, minor) : default;
    }

    /// <summary>The methods of a protocol, by the name before its version.</summary>
    private static byte[][] MethodsOf(ReadOnlySpan<byte> protocol)
    {
        if (protocol.IsEmpty || protocol.SequenceEqual("HTTP"u8))
            return HttpMethods.Http;
        if (protocol.SequenceEqual("RTSP"u8))
            return HttpMethods.Rtsp;
        return protocol.SequenceEqual("ICE"u8) ? HttpMethods.Icecast : [];
    }

    /// <summary>Whether it may be a target (RFC 9112 section 3.2); without a version, what is no path must name its scheme.</summary>
    private static bool IsTarget(byte[] method, ReadOnlySpan<byte> target, bool strict)
    {
        byte first = target[0];
        if (method.AsSpan().SequenceEqual("CONNECT"u8))
            return char.IsAsciiLetterOrDigit((char)first) || first == '[';
        if (first is (byte)'/' or (byte)'*')
            return true;
        return char.IsAsciiLetter((char)first) && (!strict || target.IndexOf("://"u8) > 0);
    }

    private static bool TryVersion(ReadOnlySpan<byte> text, out byte major, out byte minor)
    {
        major = (byte)(text[0] - '0');
        minor = (byte)(text[2] - '0');
        return major <= 9 && minor <= 9 && text[1] == '.';
    }
}
