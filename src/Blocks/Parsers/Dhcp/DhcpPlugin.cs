using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>
/// DHCPv4 and DHCPv6, over UDP like others. What a client and its servers say to each other goes through addresses that change, so Arkime
/// makes one session of it by the client's MAC address, or by the transaction id: <c>parsers.dhcpByClient</c>.
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
        const string help =
            "Whether DHCP's sessions are all of one client's MAC, DHCPv6's all of one transaction, as in Arkime; else they are UDP's";
        if (!registrar.Setting("dhcpByClient", false, help))
        {
            RegisterParsers(registrar, fields);
            return;
        }
        int timeout = registrar.Setting("dhcpTimeout", 60, 10, 65_535, "DHCP: seconds of packet time after which an idle session ends");
        byte number = registrar.Register(new Dhcp4Protocol(fields, timeout));
        byte number6 = registrar.Register(new Dhcp6Protocol(fields, timeout));
        foreach (ushort port in Ports)
            registrar.UdpPort(
                port,
                (context, ref packet, frame, offset) => Enqueue(context, ref packet, frame, Dhcp4Message.IsOne(frame[offset..]), number)
            );
        foreach (ushort port in Ports6)
            registrar.UdpPort(
                port,
                (context, ref packet, frame, offset) => Enqueue(context, ref packet, frame, Dhcp6Message.IsOne(frame[offset..]), number6)
            );
    }

    private static void RegisterParsers(IRegistrar registrar, DhcpFields fields)
    {
        ParserKind<DhcpParser> kind = registrar.Parser("dhcp", () => new DhcpParser(fields));
        foreach (ushort port in (ushort[])[.. Ports, .. Ports6])
            registrar.Port("dhcp", SessionType.Udp, port, classify: (session, _, _) => session.Add(kind));
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
