using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>IGMP (RFC 2236, RFC 9776), multicast membership: one session for all of it, as it is talk of a whole network.</summary>
public sealed class IgmpPlugin : IFlowPipePlugin
{
    private const byte IpProtocol = 2;

    /// <inheritdoc/>
    public string Name => "igmp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var protocol = new IgmpProtocol();
        registrar.Register(protocol);
        registrar.Ip(IpProtocol, protocol.Enqueue);
    }
}

/// <summary>Sessions of IGMP.</summary>
internal sealed class IgmpProtocol() : OneWayMProtocol("igmp", idleTimeout: 600);
