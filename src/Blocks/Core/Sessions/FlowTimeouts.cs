using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// After how long an idle session is over, in nanoseconds, by its class: one for each protocol type and state, and for each timeout that
/// protocols have of their own. Two tables, one for normal times and one for emergency mode, where nothing lasts longer than it does otherwise.
/// </summary>
internal sealed class FlowTimeouts
{
    private const int States = 3;
    private const int Types = 6;

    // By protocol's number: the first of its classes.
    private readonly byte[] _firstOf;

    public FlowTimeouts(SessionSettings settings, ReadOnlySpan<MProtocol> protocols)
    {
        FlowTimeoutSettings flows = settings.FlowTimeouts;
        List<int> own = OwnTimeouts(protocols);
        Classes = (Types + own.Count) * States;
        Normal = new long[Classes];
        Emergency = new long[Classes];
        _firstOf = new byte[protocols.Length];
        Set(SessionType.Tcp, settings.TcpTimeout, settings.TcpClosingTimeout, flows.Tcp);
        Set(SessionType.Udp, settings.UdpTimeout, settings.TcpClosingTimeout, flows.Udp);
        Set(SessionType.Icmp, settings.IcmpTimeout, settings.TcpClosingTimeout, flows.Icmp);
        Set(SessionType.Sctp, settings.SctpTimeout, settings.TcpClosingTimeout, flows.Sctp);
        Set(SessionType.Esp, settings.EspTimeout, settings.TcpClosingTimeout, flows.Esp);
        Set(SessionType.Other, settings.OtherTimeout, settings.TcpClosingTimeout, flows.Default);
        for (int i = 0; i < own.Count; i++)
            Set(Types + i, own[i], settings.TcpClosingTimeout, flows.Default);
        foreach (MProtocol protocol in protocols)
        {
            int at = protocol.IdleTimeout > 0 ? Types + own.IndexOf(protocol.IdleTimeout) : (int)protocol.Type;
            _firstOf[protocol.Number] = (byte)(at * States);
        }
    }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <summary>In normal times.</summary>
    public long[] Normal { get; }

    /// <summary>In emergency mode.</summary>
    public long[] Emergency { get; }

    /// <summary>The class of a protocol's sessions.</summary>
    public byte ClassOf(MProtocol protocol, FlowState state) => (byte)(_firstOf[protocol.Number] + (int)state);

    /// <summary>The class of a type's sessions whose protocol has no timeout of its own.</summary>
    public static byte ClassOf(SessionType type, FlowState state) => (byte)(((int)type * States) + (int)state);

    /// <summary>Whether a session that changes its class may be over sooner, by either table.</summary>
    public bool IsShorter(byte from, byte to) => Normal[to] < Normal[from] || Emergency[to] < Emergency[from];

    private void Set(SessionType type, int idle, int closing, ProtocolTimeouts own) => Set((int)type, idle, closing, own);

    private void Set(int at, int idle, int closing, ProtocolTimeouts own)
    {
        int first = at * States;
        Set(first + (int)FlowState.New, own.New, idle, own.EmergencyNew);
        Set(first + (int)FlowState.Established, own.Established, idle, own.EmergencyEstablished);
        Set(first + (int)FlowState.Closed, own.Closed, closing, own.EmergencyClosed);
    }

    /// <summary>The different timeouts that protocols have of their own, in seconds.</summary>
    private static List<int> OwnTimeouts(ReadOnlySpan<MProtocol> protocols)
    {
        var own = new List<int>();
        foreach (MProtocol protocol in protocols)
        {
            if (protocol.IdleTimeout > 0 && !own.Contains(protocol.IdleTimeout))
                own.Add(protocol.IdleTimeout);
        }
        if ((Types + own.Count) * States > byte.MaxValue)
            throw new FlowPipeException(
                $"{own.Count} protocols have an idle timeout of their own: there is room for {(byte.MaxValue / States) - Types}"
            );
        return own;
    }

    private void Set(int flowClass, int own, int general, int emergency)
    {
        int normal = own == ProtocolTimeouts.Unset ? general : own;
        Normal[flowClass] = Nanoseconds(normal);
        Emergency[flowClass] = Nanoseconds(Math.Min(normal, emergency));
    }

    /// <summary>Seconds, as all settings of time are, in nanoseconds.</summary>
    public static long Nanoseconds(int seconds) => seconds * 1_000_000_000L;
}
