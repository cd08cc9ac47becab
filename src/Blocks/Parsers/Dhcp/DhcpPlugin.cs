using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>
/// DHCPv4 and DHCPv6. What a client and its servers say to each other goes through addresses that change, so it is one session by the client's
/// MAC address, or by the transaction id; a datagram of the ports that is no DHCP stays one of UDP.
/// </summary>
public sealed class DhcpPlugin : IFlowPipePlugin
{
    private static readonly ushort[] Ports = [67, 68];
    private static readonly ushort[] Ports6 = [546, 547];

    /// <inheritdoc/>
    public string Name => "dhcp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new DhcpFields(registrar);
        int timeout = registrar.Setting("dhcpTimeout", 60, 10, 65_535, "DHCP: seconds of packet time after which an idle session ends");
        byte number = registrar.Register(new Dhcp4Protocol(fields, timeout));
        byte number6 = registrar.Register(new Dhcp6Protocol(fields, timeout));
        foreach (ushort port in Ports)
            registrar.UdpPort(port, (context, ref packet, frame, offset) => Enqueue(context, ref packet, frame, Dhcp4Message.IsOne(frame[offset..]), number));
        foreach (ushort port in Ports6)
            registrar.UdpPort(port, (context, ref packet, frame, offset) => Enqueue(context, ref packet, frame, Dhcp6Message.IsOne(frame[offset..]), number6));
    }

    private static PacketRc Enqueue(EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, bool isDhcp, byte number)
    {
        if (!isDhcp)
            return PacketRc.UnknownIp;
        // The frame ends where UDP says, before what IP may have behind it.
        packet.PayloadLength = (ushort)(frame.Length - packet.PayloadOffset);
        return context.ToSession(number, ref packet, frame);
    }
}
