namespace FlowPipe.Abstractions;

/// <summary>Kinds of sessions: each has its own timeout.</summary>
public enum SessionType : byte
{
    /// <summary>TCP (<c>tcpTimeout</c>).</summary>
    Tcp,

    /// <summary>UDP (<c>udpTimeout</c>).</summary>
    Udp,

    /// <summary>ICMP and ICMPv6 (<c>icmpTimeout</c>).</summary>
    Icmp,

    /// <summary>SCTP (<c>sctpTimeout</c>).</summary>
    Sctp,

    /// <summary>ESP (<c>espTimeout</c>).</summary>
    Esp,

    /// <summary>Everything else (<c>otherTimeout</c>).</summary>
    Other,
}

/// <summary>Which side sent something. The client is the side that began.</summary>
public enum Side : byte
{
    /// <summary>The side that began the session.</summary>
    Client,

    /// <summary>The other side.</summary>
    Server,
}

/// <summary>What pre-processing makes of a packet's session.</summary>
public enum PreProcess : byte
{
    /// <summary>The packet belongs to it.</summary>
    Continue,

    /// <summary>The session is over: save it, and look up again for this packet (a TCP port used anew).</summary>
    CloseAndRestart,
}

/// <summary>
/// A protocol that makes sessions (Arkime's mprotocol). One object serves all sessions of all partitions, so it keeps no state of its own.
/// </summary>
/// <param name="name">Its name, which is also part of every record id of it: it must not change.</param>
/// <param name="type">Which timeout holds.</param>
public abstract class MProtocol(string name, SessionType type)
{
    /// <summary>Its name.</summary>
    public string Name => name;

    /// <summary>Its name as UTF-8: every record id is made with it.</summary>
    public ReadOnlySpan<byte> NameUtf8 => _nameUtf8;

    /// <summary>Bytes of the longest name.</summary>
    public const int LongestName = 64;

    private readonly byte[] _nameUtf8 = System.Text.Encoding.UTF8.GetBytes(name);

    /// <summary>Which timeout holds.</summary>
    public SessionType Type => type;

    /// <summary>Its number, given when it is registered.</summary>
    public byte Number { get; private set; }

    /// <summary>Seconds of packet time after which an idle session ends; 0 for what is set for its <see cref="Type"/>.</summary>
    public virtual int IdleTimeout => 0;

    /// <summary>Whether a session is what two addresses say to each other, so that it has a Community ID.</summary>
    public virtual bool HasCommunityId => true;

    /// <summary>Gives it its number: once, by the registrar.</summary>
    public void AssignNumber(byte number) => Number = number;

    /// <summary>Makes the session's key of a packet. Pure: enqueue calls it for the hash, the partition again for the look-up.</summary>
    public abstract void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id);

    /// <summary>Before rules and writer: says which side sent the packet (<see cref="Session.PacketSide"/>), sets first fields.</summary>
    public abstract PreProcess PreProcess(Session session, in PacketView packet, bool isNew);

    /// <summary>The packet's content. Bytes that are needed after the call must be copied.</summary>
    public virtual void Process(Session session, in PacketView packet) { }

    /// <summary>Before the last record is made, and before parsers add their last to it: hands on what was still held back.</summary>
    public virtual void Finish(Session session) { }

    /// <summary>Before a record is made that is not the last.</summary>
    public virtual void MidSave(Session session) { }

    /// <summary>Before the session is recycled.</summary>
    public virtual void Free(Session session) { }
}
