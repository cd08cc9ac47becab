using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// ARP (RFC 826): a session for each address that is asked for or answers.
/// <code>
/// | hardware (2) | protocol (2) | lengths (1, 1) | operation (2) | sender: MAC (6) IP (4) | target: MAC (6) IP (4) |
/// </code>
/// </summary>
public sealed class ArpPlugin : IFlowPipePlugin
{
    private const ushort EtherType = 0x0806;

    /// <inheritdoc/>
    public string Name => "arp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var protocol = new ArpProtocol();
        registrar.Register(protocol);
        registrar.Ethernet(
            EtherType,
            (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
                frame.Length - offset < ArpProtocol.Length || frame[offset + ArpProtocol.Operation] > ArpProtocol.Reply
                    ? PacketRc.Corrupt
                    : protocol.Enqueue(context, ref packet, frame, offset)
        );
    }
}

/// <summary>Sessions of ARP.</summary>
internal sealed class ArpProtocol() : OneWayMProtocol("arp", idleTimeout: 600)
{
    public const int Length = 28;
    public const int Operation = 7;
    public const byte Reply = 2;
    private const byte Request = 1;
    private const int SenderIp = 14;
    private const int TargetIp = 24;

    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id)
    {
        ReadOnlySpan<byte> arp = packet.Payload;
        // Question and answer are about the same address.
        id = KeyOf(BinaryPrimitives.ReadUInt32BigEndian(arp[(arp[Operation] == Request ? TargetIp : SenderIp)..]), 0);
    }
}
