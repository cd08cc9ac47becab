using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// PostgreSQL's start-up (PostgreSQL's documentation, "Message Formats").
/// <code>
/// SSLRequest, GSSENCRequest: | length 8 (4) | 1234 (2) 5679 or 5680 (2) |            the server answers 'S', 'G' or 'N'
/// StartupMessage:            | length (4) | version 3 (2) minor (2) | name, ends with 0 | value, ends with 0 | … | 0 |
/// </code>
/// </summary>
public sealed class PostgresqlPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "postgresql";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new PostgresqlFields(registrar);
        ParserKind<PostgresqlParser> kind = registrar.Parser("postgresql", () => new PostgresqlParser(fields));
        registrar.Tcp(
            "postgresql",
            0,
            [0, 0, 0],
            (session, side, bytes) =>
            {
                if (side == Side.Client && PostgresqlParser.IsFirst(bytes))
                    session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class PostgresqlFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("postgresql.user");
    public SpiField Database { get; } = registrar.Field("postgresql.db");
    public SpiField Application { get; } = registrar.Field("postgresql.app");
}

/// <summary>Parses what the client says before it is authenticated.</summary>
internal sealed class PostgresqlParser(PostgresqlFields fields) : SessionParser
{
    private const int Longest = 4 * 1024;
    private const int RequestLength = 8;
    private const uint SslRequest = (1234 << 16) | 5679;
    private const uint GssRequest = (1234 << 16) | 5680;
    private readonly StreamBuffer _kept = new(Longest);
    private bool _asked;

    /// <summary>Whether a stream begins with one of them.</summary>
    public static bool IsFirst(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < RequestLength)
            return false;
        uint code = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
        return bytes.Length == RequestLength
            ? code is SslRequest or GssRequest
            : code >> 16 == 3 && bytes[3] <= bytes.Length && bytes[6] == 0;
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        if (data.Bytes.IsEmpty)
            return Parsed.KeepGoing;
        if (data.Side == Side.Server)
        {
            // TLS comes next, from the client.
            if (!_asked || data.Bytes is not [(byte)'S'])
                return Parsed.KeepGoing;
            session.Classify(Side.Client, default);
            return Parsed.Unregister;
        }
        ReadOnlySpan<byte> rest = _kept.Join(session, data.Bytes);
        while (rest.Length >= RequestLength)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(rest);
            uint code = BinaryPrimitives.ReadUInt32BigEndian(rest[4..]);
            bool isRequest = length == RequestLength && code is SslRequest or GssRequest;
            if (!isRequest && (code >> 16 != 3 || length is < RequestLength or > Longest))
                return Parsed.Unregister;
            if (length > rest.Length)
                break;
            if (!isRequest)
            {
                ReadParameters(session, rest[RequestLength..(int)length]);
                return Parsed.Unregister;
            }
            session.AddProtocol("postgresql"u8);
            _asked = true;
            rest = rest[RequestLength..];
        }
        return _kept.Keep(session, rest) ? Parsed.KeepGoing : Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _kept.Free(session);
        _asked = false;
    }

    private void ReadParameters(Session session, ReadOnlySpan<byte> parameters)
    {
        var reader = new PacketReader(parameters);
        while (reader.Remaining > 1)
        {
            ReadOnlySpan<byte> name = reader.TakeUntil(0);
            ReadOnlySpan<byte> value = reader.TakeUntil(0);
            if (reader.Failed || name.IsEmpty)
                return;
            SpiField field = default;
            if (name.SequenceEqual("user"u8))
            {
                field = fields.User;
                session.AddProtocol("postgresql"u8);
            }
            else if (name.SequenceEqual("database"u8))
            {
                field = fields.Database;
            }
            else if (name.SequenceEqual("application_name"u8))
            {
                field = fields.Application;
            }
            if (!field.IsNone)
                session.Fields.AddText(field, value, TextEncoding.Utf8OrLatin1);
        }
    }
}
