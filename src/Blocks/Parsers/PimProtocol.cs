using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>PIM (RFC 7761), multicast routing: one session for all of it, as it is talk of a whole network.</summary>
public sealed class PimPlugin : IFlowPipePlugin
{
    private const byte IpProtocol = 103;

    /// <inheritdoc/>
    public string Name => "pim";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var protocol = new PimProtocol();
        registrar.Register(protocol);
        registrar.Ip(IpProtocol, protocol.Enqueue);
    }
}

/// <summary>Sessions of PIM.</summary>
internal sealed class PimProtocol() : OneWayMProtocol("pim", idleTimeout: 600);
