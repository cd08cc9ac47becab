using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace Watch;

/// <summary>
/// VRRP, by which routers agree on who answers for an address (RFC 9568 section 5.1, RFC 3768): an IP protocol without ports, whose sessions are those of one virtual router.
/// <code>
/// | version:4 type:4 | virtual router id (1) | priority (1) | addresses (1) | interval (2) | checksum (2) | addresses …
/// </code>
/// </summary>
internal sealed class Vrrp(CustomField router, CustomField priority) : OneWayMProtocol("vrrp", idleTimeout: 60)
{
    private const byte IpProtocol = 112;
    private const int HeaderLength = 8;

    public static void Register(IRegistrar registrar)
    {
        var protocol = new Vrrp(
            registrar.Define("vrrp.router", SpiType.LongSet, "Virtual router ids"),
            registrar.Define("vrrp.priority", SpiType.LongSet, "Priorities that were announced")
        );
        registrar.Register(protocol);
        registrar.Ip(
            IpProtocol,
            (context, ref packet, frame, offset) =>
                packet.PayloadLength < HeaderLength ? PacketRc.Corrupt : protocol.Enqueue(context, ref packet, frame, offset)
        );
    }

    /// <summary>Sender, group and virtual router. Called twice for a packet, in enqueue and in its partition: it must say the same both times.</summary>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = AddressKey(in packet, packet.Payload[1]);

    public override void Process(Session session, in PacketView packet)
    {
        var reader = new PacketReader(packet.Payload);
        reader.Skip(1);
        byte id = reader.U8();
        byte announced = reader.U8();
        if (reader.Failed)
            return;
        session.Add(router, id);
        session.Add(priority, announced);
    }
}
