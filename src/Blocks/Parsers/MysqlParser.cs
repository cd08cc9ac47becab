using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// MySQL's handshake (MySQL's documentation, "Connection Phase Packets").
/// <code>
/// packet:    | length (3), least significant byte first | sequence (1) | content |
/// greeting:  | 10 | version, ends with 0 | thread (4) | …                                     the server's
/// response:  | capabilities (4) | longest packet (4) | character set (1) | 0 (23) | user, ends with 0 | …
/// with TLS:  the response ends before the user; TLS follows, and the whole response in it
/// </code>
/// </summary>
public sealed class MysqlPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "mysql";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new MysqlFields(registrar);
        ParserKind<MysqlParser> kind = registrar.Parser("mysql", () => new MysqlParser(fields));
        registrar.Tcp(
            "mysql",
            1,
            [0, 0, 0, 10],
            (session, side, bytes) =>
            {
                if (side == Side.Server && !MysqlParser.VersionOf(bytes).IsEmpty)
                    session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class MysqlFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("mysql.user");
    public SpiField Version { get; } = registrar.Field("mysql.ver");
}

/// <summary>Waits for the client's response; the greeting alone says nothing, because a port scanner gets it too.</summary>
internal sealed class MysqlParser(MysqlFields fields) : SessionParser
{
    private const int PacketHeader = 4;
    private const int VersionAt = 5;
    private const int UserAt = 36;
    private const int LongestResponse = 4 * 1024;
    private const int LongestVersion = 256;
    private const int SslRequest = 32;
    private const int SslBit = 0x08; // of the second byte of the capabilities

    private readonly StreamBuffer _version = new(LongestVersion);
    private readonly StreamBuffer _response = new(LongestResponse);

    /// <summary>The version in a greeting; empty when it is none, or not all of it came.</summary>
    public static ReadOnlySpan<byte> VersionOf(ReadOnlySpan<byte> greeting)
    {
        if (greeting.Length <= VersionAt)
            return default;
        ReadOnlySpan<byte> version = greeting[VersionAt..];
        int end = version.IndexOf((byte)0);
        return end > 0 && end <= LongestVersion && version[..end].IndexOfAnyExceptInRange((byte)' ', (byte)'~') < 0
            ? version[..end]
            : default;
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        if (data.Side == Side.Server)
        {
            if (_version.Length > 0 || data.Bytes.IsEmpty)
                return Parsed.KeepGoing;
            return _version.TryAppend(session, VersionOf(data.Bytes)) ? Parsed.KeepGoing : Parsed.Unregister;
        }
        if (data.Bytes.IsEmpty)
            return Parsed.KeepGoing;
        ReadOnlySpan<byte> response = _response.Join(session, data.Bytes);
        if (response.Length < PacketHeader)
            return _response.Keep(session, response) ? Parsed.KeepGoing : Parsed.Unregister;
        int length = response[0] | (response[1] << 8) | (response[2] << 16);
        if (length is < SslRequest or > LongestResponse - PacketHeader || response[3] > 2)
            return Parsed.Unregister;
        if (response.Length < PacketHeader + length)
            return _response.Keep(session, response) ? Parsed.KeepGoing : Parsed.Unregister;
        return Read(session, data.Side, response, PacketHeader + length);
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _version.Free(session);
        _response.Free(session);
    }

    private Parsed Read(Session session, Side side, ReadOnlySpan<byte> response, int end)
    {
        ReadOnlySpan<byte> user = response[UserAt..end].UpToNul();
        if (user.IndexOfAnyExceptInRange((byte)' ', (byte)'~') >= 0)
            return Parsed.Unregister;
        session.AddProtocol("mysql"u8);
        session.Fields.Add(fields.Version, _version.Bytes);
        if (!user.IsEmpty)
            session.Fields.AddLower(fields.User, user);
        if (end == PacketHeader + SslRequest && (response[PacketHeader + 1] & SslBit) != 0)
            session.Classify(side, response[end..]);
        return Parsed.Unregister;
    }
}
