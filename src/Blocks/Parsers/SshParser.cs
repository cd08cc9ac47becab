using System.Buffers;
using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Parsers.Ssh;

namespace FlowPipe.Parsers;

/// <summary>
/// SSH (RFC 4253): the versions of both sides, HASSH and HASSHServer of what they offer, host keys; and a guess at reverse shells from the
/// sizes of what follows, which is encrypted.
/// <code>
/// SSH-2.0-OpenSSH_9.6 CR LF, lines before it allowed
/// packet:   | length (4) | padding length (1) | type (1) | … | padding |
/// KEXINIT:  type 14h | cookie (16) | ten lists of names, each | length (4) | names with commas between |
/// replies:  type 1Fh or 21h | length (4), host key | …
/// </code>
/// </summary>
public sealed class SshPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "ssh";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new SshFields(registrar);
        ParserKind<SshParser> kind = registrar.Parser("ssh", () => new SshParser(fields));
        registrar.Tcp(
            "ssh",
            0,
            "SSH"u8,
            (session, _, _) =>
            {
                if (session.HasProtocol("ssh"u8))
                    return;
                session.AddProtocol("ssh"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Reads versions and packets of both sides until keys are in use.</summary>
internal sealed class SshParser(SshFields fields) : SessionParser
{
    private const byte KeyExchangeInit = 20;
    private const byte NewKeys = 21;
    private const byte KeyExchangeReply = 31;
    private const byte GroupExchangeReply = 33;
    private const int PacketHeader = 6; // length, padding length, type

    /// <summary>Every implementation must take packets of this length (RFC 4253 section 6.1); none sends longer ones before there are keys.</summary>
    private const int LongestPacket = 35_000;

    /// <summary>Lines that a server may say before its version.</summary>
    private const int MostLines = 50;

    private readonly End _client = new();
    private readonly End _server = new();
    private readonly BodyHash _hash = new(BodyHashKind.Md5);
    private ReverseShell _shell;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        End end = data.Side == Side.Client ? _client : _server;
        if (data.Bytes.Length > 0 && _shell.See(data.Side, data.Bytes.Length))
            session.AddTag("ssh-reverse-shell"u8);
        if (!end.IsDone && (data.GapBefore > 0 || !ParseSide(session, data.Side, end, data.Bytes)))
        {
            end.Kept.Free(session);
            end.IsDone = true;
        }
        return _shell.Decided && _client.IsDone && _server.IsDone ? Parsed.Unregister : Parsed.KeepGoing;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _hash.Reset();
        _shell = default;
    }

    /// <returns>Whether more is to be expected of this side.</returns>
    private bool ParseSide(Session session, Side side, End end, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<byte> rest = end.Kept.Join(session, bytes);
        while (!end.HasVersion)
        {
            int length = rest.IndexOf((byte)'\n');
            if (length < 0)
                return end.Kept.Keep(session, rest);
            if (!ParseLine(session, end, rest[..length]))
                return false;
            rest = rest[(length + 1)..];
        }
        while (rest.Length >= PacketHeader)
        {
            var reader = new PacketReader(rest);
            uint length = reader.U32();
            if (length is < 2 or > LongestPacket)
                return false;
            if (length > reader.Remaining)
                break;
            var packet = new PacketReader(reader.Take((int)length));
            packet.Skip(1);
            if (!ParsePacket(session, side, packet.U8(), packet.Rest))
                return false;
            rest = reader.Rest;
        }
        return end.Kept.Keep(session, rest);
    }

    private bool ParseLine(Session session, End end, ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("SSH"u8))
            return ++end.Lines < MostLines;
        line = line.TrimEnd((byte)'\r');
        session.Fields.AddLower(fields.Version, line);
        end.HasVersion = true;
        // SSH 1 has packets of its own; 1.99 stands for both.
        return !line.StartsWith("SSH-1."u8) || line.StartsWith("SSH-1.99"u8);
    }

    private bool ParsePacket(Session session, Side side, byte type, ReadOnlySpan<byte> body)
    {
        switch (type)
        {
            case KeyExchangeInit:
                AddHassh(session, side, body);
                return true;
            case GroupExchangeReply:
                AddKey(session, body);
                return false;
            case KeyExchangeReply when fields.AllKeys && IsHostKey(body):
                AddKey(session, body);
                return true;
            default:
                return type != NewKeys;
        }
    }

    /// <summary>
    /// What a side offers for what it sends: key exchanges, ciphers, authentication, compression (github.com/salesforce/hassh). The lists are, after the
    /// cookie: key exchanges, host keys, then two of each kind, first from client to server.
    /// </summary>
    private void AddHassh(Session session, Side side, ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        reader.Skip(16);
        _hash.Append(TakeString(ref reader));
        TakeString(ref reader);
        for (int kind = 0; kind < 3; kind++)
        {
            ReadOnlySpan<byte> ofClient = TakeString(ref reader);
            ReadOnlySpan<byte> ofServer = TakeString(ref reader);
            _hash.Append(";"u8);
            _hash.Append(side == Side.Client ? ofClient : ofServer);
        }
        if (reader.Failed)
            _hash.Reset();
        else
            _hash.AddTo(session.Fields, side == Side.Client ? fields.Hassh : fields.HasshServer);
    }

    private void AddKey(Session session, ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        ReadOnlySpan<byte> key = TakeString(ref reader);
        if (reader.Failed || key.Length == 0)
            return;
        byte[] text = ArrayPool<byte>.Shared.Rent(Base64.GetMaxEncodedToUtf8Length(key.Length));
        Base64.EncodeToUtf8(key, text, out _, out int written);
        session.Fields.Add(fields.Key, text.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(text);
    }

    /// <summary>
    /// Type 31 is the reply of most exchanges, but in a group exchange it brings the group's prime: a host key begins with its algorithm's name.
    /// </summary>
    private static bool IsHostKey(ReadOnlySpan<byte> body)
    {
        var reader = new PacketReader(body);
        var key = new PacketReader(TakeString(ref reader));
        ReadOnlySpan<byte> name = TakeString(ref key);
        return name.Length is > 0 and <= 64 && name.IndexOfAnyExceptInRange((byte)'!', (byte)'~') < 0;
    }

    private static ReadOnlySpan<byte> TakeString(ref PacketReader reader)
    {
        uint length = reader.U32();
        return reader.Take(length <= LongestPacket ? (int)length : -1);
    }

    /// <summary>What is known and kept of one side.</summary>
    private sealed class End
    {
        public readonly StreamBuffer Kept = new(LongestPacket + 4);
        public int Lines;
        public bool HasVersion;
        public bool IsDone;

        public void Free(Session session)
        {
            Kept.Free(session);
            Lines = 0;
            HasVersion = IsDone = false;
        }
    }
}
