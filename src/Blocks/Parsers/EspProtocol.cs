using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// ESP (RFC 4303): sessions by addresses, unless <c>parsers.trackESP</c> is off.
/// <code>
/// | security parameters index (4) | sequence number (4) | encrypted …
/// </code>
/// </summary>
public sealed class EspPlugin : IFlowPipePlugin
{
    private const byte IpProtocol = 50;

    /// <inheritdoc/>
    public string Name => "esp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        if (!registrar.Setting("trackESP", true, "Whether ESP makes sessions of its own kind; else it is an unknown IP protocol"))
            return;
        byte number = registrar.Register(new EspProtocol());
        registrar.Ip(
            IpProtocol,
            (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                context.ToSession(number, ref packet, frame)
        );
    }
}

/// <summary>Sessions of ESP.</summary>
internal sealed class EspProtocol() : IpMProtocol("esp", SessionType.Esp, label: "esp", hasPorts: false)
{
    private const int HeaderLength = 8;

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet) =>
        session.DataBytes.Add(session.PacketSide, Math.Max(0, packet.Payload.Length - HeaderLength));
}
