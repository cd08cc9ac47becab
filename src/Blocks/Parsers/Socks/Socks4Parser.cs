using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Socks;

/// <summary>
/// SOCKS 4, and 4a where the address is 0.0.0.x.
/// <code>
/// request: | 04 | 01 | port (2) | address (4) | user … 00 | host … 00 (4a) |
/// reply:   | 00 | 5A granted, 5B to 5D not | port (2) | address (4) |
/// </code>
/// </summary>
internal sealed class Socks4Parser(SocksFields fields) : SessionParser
{
    private const int LongestRequest = 600;
    private const int ReplyLength = 8;
    private const byte Granted = 0x5A;
    private readonly StreamBuffer _request = new(LongestRequest);
    private readonly StreamBuffer _reply = new(LongestRequest);
    private Side _asks;

    /// <summary>Says who asks.</summary>
    public void Begin(Side side) => _asks = side;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (data.GapBefore > 0)
            return Parsed.Unregister;
        if (data.Side == _asks)
            return _request.TryAppend(session, data.Bytes) ? Parsed.KeepGoing : Parsed.Unregister;
        ReadOnlySpan<byte> reply = _reply.Join(session, data.Bytes);
        if (reply.Length < ReplyLength)
            return _reply.Keep(session, reply) ? Parsed.KeepGoing : Parsed.Unregister;
        if (reply[0] != 0 || reply[1] is < Granted or > Granted + 3)
            return Parsed.Unregister;
        AddRequest(session);
        if (reply[1] == Granted)
            session.Classify(data.Side, reply[ReplyLength..]);
        return Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _request.Free(session);
        _reply.Free(session);
    }

    private void AddRequest(Session session)
    {
        var reader = new PacketReader(_request.Bytes);
        reader.Skip(2);
        ushort port = reader.U16();
        ReadOnlySpan<byte> address = reader.Take(4);
        ReadOnlySpan<byte> user = reader.TakeUntil(0);
        if (reader.Failed)
            return;
        session.AddProtocol("socks"u8);
        session.Fields.Add(fields.Port, port);
        if (user.Length > 0)
            session.Fields.AddText(fields.User, user, TextEncoding.Utf8OrLatin1);
        if (address is not [0, 0, 0, not 0])
        {
            session.Fields.AddIp(fields.Ip, IpAddress.ReadIPv4(address).ToUInt128());
            return;
        }
        ReadOnlySpan<byte> host = reader.TakeUntil(0);
        if (host.Length > 0)
            session.Fields.AddLower(fields.Host, host);
    }
}
