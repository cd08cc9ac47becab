using FlowPipe.Abstractions;

namespace Watch;

/// <summary>
/// An example of everything that a plugin can do: frames with a tap's tag, spanning tree and VRRP as sessions, finger's queries, a size for each
/// record, and a watchman beside the packets who tags or ends sessions by what is asked in them.
/// </summary>
public sealed class WatchPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "watch";

    /// <summary>
    /// Says what there is. It may be called for several runs, or for none (<c>flowpipe config --list</c>), so nothing is begun here, and what
    /// belongs to a run is kept in objects made here instead of in this one.
    /// </summary>
    public void Register(IRegistrar registrar)
    {
        TapTag.Register(registrar);
        SpanningTree.Register(registrar);
        Vrrp.Register(registrar);
        Sizes.Register(registrar);
        Finger.Register(registrar, Watchman.Register(registrar));
    }
}
