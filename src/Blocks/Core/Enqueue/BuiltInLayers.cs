using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue.Layers;

namespace FlowPipe.Core.Enqueue;

/// <summary>The layers that Core brings itself: link types, and the tunnels in which packets come.</summary>
internal static class BuiltInLayers
{
    /// <summary>What can be left closed (<c>sessions.opaqueTunnels</c>), by name.</summary>
    internal static readonly (string Name, Action<IRegistrar> Register)[] Optional =
    [
        ("mpls", MplsLayer.Register),
        ("mpls-udp", MplsLayer.RegisterOverUdp),
        ("pppoe", PppoeLayer.Register),
        ("gre", GreLayer.Register),
        ("erspan", ErspanLayer.Register),
        ("ip-in-ip", IpInIpLayer.Register),
        ("etherip", IpInIpLayer.RegisterEtherIp),
        ("ethernet-in-ip", IpInIpLayer.RegisterEthernet),
        ("ah", AhLayer.Register),
        ("vxlan", VxlanLayer.Register),
        ("geneve", GeneveLayer.Register),
        ("gtp", GtpLayer.Register),
        ("teredo", TeredoLayer.Register),
        ("tzsp", TzspLayer.Register),
        ("l2tp", L2tpLayer.Register),
        ("capwap", CapwapLayer.Register),
        ("lisp", LispLayer.RegisterLisp),
        ("ayiya", LispLayer.RegisterAyiya),
        ("nsh", NshLayer.Register),
        ("vntag", BridgeTags.RegisterVnTag),
        ("etag", BridgeTags.RegisterETag),
        ("hsr", BridgeTags.RegisterHsr),
        ("cisco-metadata", BridgeTags.RegisterCiscoMetadata),
        ("macsec", BridgeTags.RegisterMacsec),
        ("pbb", BridgeTags.RegisterProviderBridge),
        ("fabricpath", BridgeTags.RegisterFabricPath),
        ("trill", BridgeTags.RegisterTrill),
    ];

    /// <param name="registrar">Where they register.</param>
    /// <param name="opaque">Names of tunnels that are not looked into: what is outside makes the sessions then.</param>
    /// <exception cref="FlowPipeException">A name is not one of a tunnel.</exception>
    public static void Register(IRegistrar registrar, IReadOnlyList<string> opaque)
    {
        foreach (string name in opaque)
        {
            if (!TunnelNames.IsKnown(name))
                throw new FlowPipeException($"sessions.opaqueTunnels: there is no tunnel '{name}'; there are {TunnelNames.All}");
        }
        EthernetLayer.Register(registrar);
        registrar.Ethernet(IPv4Layer.EtherType, IPv4Layer.Enqueue);
        registrar.Ethernet(IPv6Layer.EtherType, IPv6Layer.Enqueue);
        CookedLayer.Register(registrar);
        RawLayers.Register(registrar);
        PppLayer.Register(registrar);
        HdlcLayer.Register(registrar);
        FrameRelayLayer.Register(registrar);
        LlcLinks.Register(registrar);
        WlanLayer.Register(registrar);
        MetaLinks.Register(registrar);
        TaggedLinks.Register(registrar);
        OtherLinks.Register(registrar);
        HashSet<string> closed = [.. opaque];
        foreach ((string name, Action<IRegistrar> register) in Optional)
        {
            if (!closed.Contains(name))
                register(registrar);
        }
    }
}
