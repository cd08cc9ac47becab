using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Socks;

/// <summary>
/// SOCKS 5 (RFC 1928), with user and password (RFC 1929).
/// <code>
/// client: | 05 | n | methods (n) |                     server: | 05 | method |
///         | 01 | n | user (n) | n | password (n) |             | 01 | status |          method 2 only
///         | 05 | 01 | 00 | type | address | port (2) |         | 05 | reply | 00 | type | address | port (2) |
/// address: type 1: 4 bytes; type 3: | n | name (n) |; type 4: 16 bytes
/// </code>
/// </summary>
internal sealed class Socks5Parser(SocksFields fields) : SessionParser
{
    private const int Longest = 1024;
    private const byte IPv4 = 1;
    private const byte Name = 3;
    private const byte IPv6 = 4;
    private readonly StreamBuffer _client = new(Longest);
    private readonly StreamBuffer _server = new(Longest);
    private Side _asks;
    private Step _next;

    /// <summary>What comes next.</summary>
    private enum Step : byte
    {
        Greeting,
        Method,
        User,
        UserReply,
        Request,
        Reply,
    }

    /// <summary>What became of a message.</summary>
    private enum Outcome : byte
    {
        Taken,
        NeedsMore,
        Failed,
        Granted,
    }

    /// <summary>Says who asks.</summary>
    public void Begin(Side side) => _asks = side;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        StreamBuffer kept = data.Side == _asks ? _client : _server;
        if (data.GapBefore > 0 || !kept.TryAppend(session, data.Bytes))
            return Parsed.Unregister;
        while (true)
        {
            bool client = _next is Step.Greeting or Step.User or Step.Request;
            StreamBuffer from = client ? _client : _server;
            var reader = new PacketReader(from.Bytes);
            Outcome outcome = Take(session, ref reader);
            if (outcome == Outcome.NeedsMore)
                return Parsed.KeepGoing;
            if (outcome == Outcome.Failed)
                return Parsed.Unregister;
            if (outcome == Outcome.Granted)
            {
                session.Classify(data.Side, reader.Rest);
                return Parsed.Unregister;
            }
            from.Keep(session, reader.Rest);
        }
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _next = Step.Greeting;
    }

    private Outcome Take(Session session, ref PacketReader reader) =>
        _next switch
        {
            Step.Greeting => TakeGreeting(ref reader),
            Step.Method => TakeMethod(session, ref reader),
            Step.User => TakeUser(session, ref reader),
            Step.UserReply => TakeUserReply(session, ref reader),
            Step.Request => TakeRequest(session, ref reader),
            _ => TakeReply(ref reader),
        };

    private Outcome TakeGreeting(ref PacketReader reader)
    {
        reader.Skip(1);
        reader.Skip(reader.U8());
        return Then(Step.Method, in reader);
    }

    private Outcome TakeMethod(Session session, ref PacketReader reader)
    {
        byte version = reader.U8();
        byte method = reader.U8();
        if (!reader.Failed && (version != 5 || method is not (0 or 2)))
            return Outcome.Failed;
        if (!reader.Failed)
            session.AddProtocol("socks"u8);
        return Then(method == 2 ? Step.User : Step.Request, in reader);
    }

    private Outcome TakeUser(Session session, ref PacketReader reader)
    {
        reader.Skip(1);
        ReadOnlySpan<byte> user = reader.Take(reader.U8());
        reader.Skip(reader.U8());
        if (!reader.Failed)
        {
            session.Fields.AddText(fields.User, user, TextEncoding.Utf8OrLatin1);
            session.AddTag("socks:password"u8);
        }
        return Then(Step.UserReply, in reader);
    }

    private Outcome TakeUserReply(Session session, ref PacketReader reader)
    {
        reader.Skip(1);
        byte status = reader.U8();
        if (status == 0)
            return Then(Step.Request, in reader);
        session.AddTag("socks:auth-failed"u8);
        return Outcome.Failed;
    }

    private Outcome TakeRequest(Session session, ref PacketReader reader)
    {
        byte version = reader.U8();
        byte command = reader.U8();
        reader.Skip(1);
        if (!reader.Failed && (version != 5 || command != 1))
            return Outcome.Failed;
        byte type = reader.U8();
        ReadOnlySpan<byte> address = TakeAddress(type, ref reader);
        ushort port = reader.U16();
        if (reader.Failed)
            return Outcome.NeedsMore;
        if (address.IsEmpty)
            return Outcome.Failed;
        if (type == Name)
            session.Fields.AddLower(fields.Host, address);
        else
            session.Fields.AddIp(fields.Ip, (type == IPv4 ? IpAddress.ReadIPv4(address) : IpAddress.ReadIPv6(address)).ToUInt128());
        session.Fields.Add(fields.Port, port);
        return Then(Step.Reply, in reader);
    }

    private static Outcome TakeReply(ref PacketReader reader)
    {
        byte version = reader.U8();
        byte reply = reader.U8();
        reader.Skip(1);
        if (!reader.Failed && (version != 5 || reply != 0))
            return Outcome.Failed;
        byte type = reader.U8();
        TakeAddress(type, ref reader);
        reader.Skip(2);
        return reader.Failed ? Outcome.NeedsMore : Outcome.Granted;
    }

    /// <summary>An address; empty when its type is unknown.</summary>
    private static ReadOnlySpan<byte> TakeAddress(byte type, ref PacketReader reader) =>
        type switch
        {
            IPv4 => reader.Take(4),
            Name => reader.Take(reader.U8()),
            IPv6 => reader.Take(16),
            _ => default,
        };

    private Outcome Then(Step next, in PacketReader reader)
    {
        if (reader.Failed)
            return Outcome.NeedsMore;
        _next = next;
        return Outcome.Taken;
    }
}
