using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue.Layers;

namespace FlowPipe.Core.Enqueue;

/// <summary>The layers that Core brings itself: those that every other one needs.</summary>
internal static class BuiltInLayers
{
    public static void Register(IRegistrar registrar)
    {
        registrar.Link(EthernetLayer.LinkType, EthernetLayer.Enqueue);
        registrar.Link(CookedLayer.LinkType, CookedLayer.Enqueue);
        registrar.Link(CookedLayer.LinkType2, CookedLayer.Enqueue2);
        registrar.Link(RawLayers.Raw, RawLayers.EnqueueRaw);
        registrar.Link(RawLayers.IPv4, RawLayers.EnqueueRaw);
        registrar.Link(RawLayers.IPv6, RawLayers.EnqueueRaw);
        registrar.Link(RawLayers.Null, RawLayers.EnqueueLoopback);
        registrar.Link(RawLayers.Loop, RawLayers.EnqueueLoopback);
        registrar.Ethernet(IPv4Layer.EtherType, IPv4Layer.Enqueue);
        registrar.Ethernet(IPv6Layer.EtherType, IPv6Layer.Enqueue);
    }
}
