using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Tcp;

namespace FlowPipe.Core.Enqueue;

/// <summary>What is believed of a plugin's layer. Sessions slice frames by what it wrote into the record, and nobody checks it there again.</summary>
internal sealed partial class PacketDecoder
{
    private const int MacsLength = 12;
    private const int IPv4Length = 20;
    private const int IPv6Length = 40;

    /// <inheritdoc/>
    public override void Count(PluginCounter counter, long by = 1) => Plugins.Add(counter, by);

    /// <summary>A plugin's verdict, if it can be true.</summary>
    /// <exception cref="InvalidOperationException">It can't: a bug of the plugin.</exception>
    public PacketRc Checked(PacketRc verdict, in PacketRecord packet)
    {
        // Whatever is said of it, the others of its datagram wait for it.
        if (_isHeld)
            return PacketRc.Held;
        if (verdict == PacketRc.DoProcess)
        {
            if (!_hasSession)
                throw new InvalidOperationException("the verdict is DoProcess, but no session was chosen: return what ToSession returns");
            if (!IsSound(in packet))
                throw new InvalidOperationException("an offset or length in the packet's record is beyond the frame");
        }
        else if (verdict == PacketRc.Held || (uint)verdict >= (uint)Verdicts.Length)
            throw new InvalidOperationException($"the verdict {verdict} is not a layer's to give");
        return verdict;
    }

    /// <summary>A plugin's layer threw: the packet is given up, unless it is already elsewhere.</summary>
    public PacketRc OnFault(PluginEntry plugin, PluginFaults faults, string what, Exception fault)
    {
        Plugins.AddFault(plugin);
        faults.Say(plugin, what, "the packet was given up (verdict pluginFailed)", fault);
        return _isHeld ? PacketRc.Held : PacketRc.PluginFailed;
    }

    private bool IsSound(in PacketRecord packet)
    {
        ReadOnlySpan<byte> frame = Batch.Frame(in packet);
        if (packet.PayloadOffset + packet.PayloadLength > frame.Length)
            return false;
        if (!Holds(frame, packet.EtherOffset, MacsLength) || !Holds(frame, packet.OuterEtherOffset, MacsLength))
            return false;
        if (!HoldsIp(frame, packet.IpOffset) || !Holds(frame, packet.OuterIpOffset, 0))
            return false;
        int least =
            packet.MProtocol == _tcp ? TcpHeader.MinimumLength
            : packet.MProtocol == _udp ? UdpProtocol.HeaderLength
            : 0;
        return least == 0 || (packet.PayloadLength >= least && packet.IpOffset != PacketRecord.None);
    }

    private static bool HoldsIp(ReadOnlySpan<byte> frame, ushort offset) =>
        Holds(frame, offset, IPv4Length) && (offset == PacketRecord.None || frame[offset] >> 4 != 6 || Holds(frame, offset, IPv6Length));

    private static bool Holds(ReadOnlySpan<byte> frame, ushort offset, int length) =>
        offset == PacketRecord.None || offset + length <= frame.Length;
}
