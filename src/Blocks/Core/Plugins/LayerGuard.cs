using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;

namespace FlowPipe.Core.Plugins;

/// <summary>
/// Stands around a plugin's callback of enqueue. An exception, or an answer that can't be, costs the packet and nothing else. Core's own layers, which
/// nearly all packets go through, have no such guard.
/// </summary>
internal sealed class LayerGuard(EnqueueCallback layer, string what, PluginEntry plugin, PluginFaults faults)
{
    public PacketRc Run(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        var decoder = (PacketDecoder)context;
        try
        {
            return decoder.Checked(layer(context, ref packet, frame, offset), in packet);
        }
        catch (Exception e)
        {
            return decoder.OnFault(plugin, faults, what, e);
        }
    }
}

/// <summary>The same around what looks at packets that no layer takes.</summary>
internal sealed class UnknownGuard(UnknownCallback unknown, PluginEntry plugin, PluginFaults faults)
{
    public PacketRc Run(EnqueueContext context, PacketRc verdict, int type, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        var decoder = (PacketDecoder)context;
        try
        {
            return decoder.Checked(unknown(context, verdict, type, ref packet, frame), in packet);
        }
        catch (Exception e)
        {
            return decoder.OnFault(plugin, faults, "what becomes of unknown packets", e);
        }
    }
}
