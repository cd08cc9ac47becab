using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// After how long an idle session is over, in nanoseconds, by its class: one for each protocol type and state. Two tables, one for normal
/// times and one for emergency mode, where nothing lasts longer than it does otherwise.
/// </summary>
internal sealed class FlowTimeouts
{
    private const int States = 3;

    /// <summary>Number of classes.</summary>
    public const int Classes = 6 * States;

    public FlowTimeouts(SessionSettings settings)
    {
        FlowTimeoutSettings flows = settings.FlowTimeouts;
        Set(SessionType.Tcp, settings.TcpTimeout, settings.TcpClosingTimeout, flows.Tcp);
        Set(SessionType.Udp, settings.UdpTimeout, settings.TcpClosingTimeout, flows.Udp);
        Set(SessionType.Icmp, settings.IcmpTimeout, settings.TcpClosingTimeout, flows.Icmp);
        Set(SessionType.Sctp, settings.SctpTimeout, settings.TcpClosingTimeout, flows.Sctp);
        Set(SessionType.Esp, settings.EspTimeout, settings.TcpClosingTimeout, flows.Esp);
        Set(SessionType.Other, settings.OtherTimeout, settings.TcpClosingTimeout, flows.Default);
    }

    /// <summary>In normal times.</summary>
    public long[] Normal { get; } = new long[Classes];

    /// <summary>In emergency mode.</summary>
    public long[] Emergency { get; } = new long[Classes];

    /// <summary>The class of a session.</summary>
    public static byte ClassOf(SessionType type, FlowState state) => (byte)(((int)type * States) + (int)state);

    /// <summary>Whether a session that changes its class may be over sooner, by either table.</summary>
    public bool IsShorter(byte from, byte to) => Normal[to] < Normal[from] || Emergency[to] < Emergency[from];

    private void Set(SessionType type, int idle, int closing, ProtocolTimeouts own)
    {
        Set(ClassOf(type, FlowState.New), own.New, idle, own.EmergencyNew);
        Set(ClassOf(type, FlowState.Established), own.Established, idle, own.EmergencyEstablished);
        Set(ClassOf(type, FlowState.Closed), own.Closed, closing, own.EmergencyClosed);
    }

    private void Set(byte flowClass, int own, int general, int emergency)
    {
        int normal = own == ProtocolTimeouts.Unset ? general : own;
        Normal[flowClass] = Nanoseconds(normal);
        Emergency[flowClass] = Nanoseconds(Math.Min(normal, emergency));
    }

    /// <summary>Seconds, as all settings of time are, in nanoseconds.</summary>
    public static long Nanoseconds(int seconds) => seconds * 1_000_000_000L;
}
