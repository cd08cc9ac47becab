using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// ICMP (RFC 792) and ICMPv6 (RFC 4443): sessions by addresses alone.
/// <code>
/// +---------------+---------------+-------------------------------+
/// |      type     |      code     |            checksum           |
/// +---------------+---------------+-------------------------------+
/// </code>
/// </summary>
public sealed class IcmpPlugin : IFlowPipePlugin
{
    private const byte Icmp = 1;
    private const byte IcmpV6 = 58;

    /// <inheritdoc/>
    public string Name => "icmp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        SpiField type = registrar.Field("icmp.type");
        SpiField code = registrar.Field("icmp.code");
        byte v4 = registrar.Register(new IcmpProtocol("icmp", type, code));
        byte v6 = registrar.Register(new IcmpProtocol("icmpv6", type, code));
        registrar.Ip(
            Icmp,
            (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) => context.ToSession(v4, ref packet, frame)
        );
        registrar.Ip(
            IcmpV6,
            (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                frame[packet.IpOffset] >> 4 == 6 ? context.ToSession(v6, ref packet, frame) : PacketRc.Corrupt
        );
    }
}

/// <summary>Sessions of one of the two ICMPs.</summary>
internal sealed class IcmpProtocol(string name, SpiField type, SpiField code)
    : IpMProtocol(name, SessionType.Icmp, label: "icmp", hasPorts: false)
{
    /// <inheritdoc/>
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        PreProcess result = base.PreProcess(session, in packet, isNew);
        if (isNew)
            session.Community = IcmpTypes.PortsOf(packet.Payload, packet.IsIPv6);
        return result;
    }

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        session.DataBytes.Add(session.PacketSide, packet.Payload.Length);
        if (packet.Payload.Length < 2)
            return;
        session.Fields.Add(type, packet.Payload[0]);
        session.Fields.Add(code, packet.Payload[1]);
    }
}
