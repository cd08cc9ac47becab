using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>LLDP (IEEE 802.1AB), by which devices tell their neighbours who they are: one session for all of it.</summary>
public sealed class LldpPlugin : IFlowPipePlugin
{
    private const ushort EtherType = 0x88CC;

    /// <inheritdoc/>
    public string Name => "lldp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var protocol = new LldpProtocol();
        registrar.Register(protocol);
        registrar.Ethernet(EtherType, protocol.Enqueue);
    }
}

/// <summary>Sessions of LLDP.</summary>
internal sealed class LldpProtocol() : OneWayMProtocol("lldp", idleTimeout: 600);
