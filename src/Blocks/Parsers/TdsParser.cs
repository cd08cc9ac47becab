using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// TDS, of Sybase (5.0) and Microsoft (MS-TDS, 7.x): who logs in.
/// <code>
/// packet:    | type (1) | status (1) | length (2), these 8 included | channel (2) | packet (1) | window (1) | content |
/// 02 login of 4.2, 5.0: | host (30) | its length (1) | user (30) | its length (1) | …
/// 10 login of 7.x:      | length (4) | version (4) | … | at 36: offset (2) and length in characters (2) of host, user, password, … at 78: of SSPI in bytes | texts of UTF-16 |
/// 11 SSPI message, 04 the server's answer (token ED: | length (2) | SSPI |): NTLM
/// </code>
/// </summary>
public sealed class TdsPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "tds";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var user = registrar.Field("user");
        ParserKind<TdsParser> kind = registrar.Parser("tds", () => new TdsParser(user));
        Classifier classify = (session, side, bytes) =>
        {
            // One whole packet of the client's, or the beginning of a long one
            if (
                side != Side.Client
                || bytes.Length < TdsParser.HeaderLength
                || BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) < bytes.Length
            )
                return;
            session.AddProtocol("tds"u8);
            session.Add(kind);
        };
        registrar.Tcp("tds", 0, [TdsParser.Login, 0, 2, 0, 0, 0, 1, 0], classify);
        registrar.Tcp("tds", 0, [TdsParser.Login7, 1], classify);
        registrar.Tcp("tds", 0, [TdsParser.PreLogin, 1], classify);
    }
}

/// <summary>Parses logins.</summary>
internal sealed class TdsParser(SpiField user) : MessageParser(Longest)
{
    public const byte Login = 0x02;
    public const byte Login7 = 0x10;
    public const byte PreLogin = 0x12;
    public const int HeaderLength = 8;
    private const byte Sspi = 0x11;
    private const byte Reply = 0x04;
    private const int Longest = 8 * 1024;
    private const int UserAt = 31;
    private const int UserRoom = 30;
    private const int NamesAt = 36;
    private const int SspiAt = 78;

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4)
            return Incomplete;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length < HeaderLength ? Malformed : length;
    }

    /// <inheritdoc/>
    protected override bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length) => true;

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> content = message[HeaderLength..];
        switch (message[0])
        {
            case Login:
                if (content.Length > UserAt + UserRoom && content[UserAt + UserRoom] is > 0 and <= UserRoom and var length)
                    session.Fields.AddLower(user, content.Slice(UserAt, length));
                return false;
            case Login7:
                ReadLogin7(session, side, content);
                return true;
            case Sspi or Reply:
                session.Sub("ntlm")?.Parse(session, side, content);
                return message[0] != Sspi || side == Side.Server; // the client's is the last
            case PreLogin:
                return true;
            default:
                return false;
        }
    }

    private void ReadLogin7(Session session, Side side, ReadOnlySpan<byte> login)
    {
        if (login.Length < SspiAt + 4)
            return;
        int at = BinaryPrimitives.ReadUInt16LittleEndian(login[(NamesAt + 4)..]);
        int length = 2 * BinaryPrimitives.ReadUInt16LittleEndian(login[(NamesAt + 6)..]);
        if (length > 0 && at + length <= login.Length)
        {
            Span<byte> text = stackalloc byte[256];
            session.Fields.AddLower(user, text[..SpiText.ToUtf8(login.Slice(at, length), TextEncoding.Utf16LittleEndian, text)]);
        }
        at = BinaryPrimitives.ReadUInt16LittleEndian(login[SspiAt..]);
        length = BinaryPrimitives.ReadUInt16LittleEndian(login[(SspiAt + 2)..]);
        if (length > 0 && at + length <= login.Length)
            session.Sub("ntlm")?.Parse(session, side, login.Slice(at, length));
    }
}
