using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// IS-IS (ISO/IEC 10589, RFC 1195) and ES-IS (ISO 9542), found behind LLC by the first byte of their header, the network layer protocol
/// identifier (ISO/IEC TR 9577). One session for all of each.
/// <code>
/// LLC    | FE | FE | 03 |
/// IS-IS  | 83 | header length (1) | version (1) | id length (1) | type (lower 5 bits) | version | 00 | area addresses | …
/// ES-IS  | 82 | header length (1) | version (1) | 00            | type (lower 5 bits) | holding time (2) | checksum (2) | …
/// </code>
/// </summary>
public sealed class OsiPlugin : IFlowPipePlugin
{
    private const ushort EsisIdentifier = 0x82; // the layers pass identifiers on as Ethernet types
    private const ushort IsisIdentifier = 0x83;

    /// <inheritdoc/>
    public string Name => "osi";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var isis = new IsisProtocol(registrar.Field("isis.msgType"));
        var esis = new EsisProtocol(registrar.Field("esis.type"));
        registrar.Register(isis);
        registrar.Register(esis);
        // The session begins at the identifier, which is behind us.
        registrar.Ethernet(IsisIdentifier, (context, ref packet, frame, offset) => isis.Enqueue(context, ref packet, frame, offset - 1));
        registrar.Ethernet(EsisIdentifier, (context, ref packet, frame, offset) => esis.Enqueue(context, ref packet, frame, offset - 1));
    }
}

/// <summary>Sessions of IS-IS.</summary>
internal sealed class IsisProtocol(SpiField type) : OneWayMProtocol("isis", idleTimeout: 600)
{
    private const int TypeOffset = 4;

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        if (packet.Payload.Length <= TypeOffset)
        {
            NumberedName.Add(session, type, "err-len-"u8, packet.Payload.Length);
            return;
        }
        int number = packet.Payload[TypeOffset] & 0x1F;
        ReadOnlySpan<byte> name = number switch
        {
            15 => "lan-l1-hello"u8,
            16 => "lan-l2-hello"u8,
            17 => "p2p-hello"u8,
            18 => "l1-lsp"u8,
            20 => "l2-lsp"u8,
            24 => "l1-csnp"u8,
            25 => "l2-csnp"u8,
            26 => "l1-psnp"u8,
            27 => "l2-psnp"u8,
            _ => default,
        };
        NumberedName.Add(session, type, name, "unk-"u8, number);
    }
}

/// <summary>Sessions of ES-IS.</summary>
internal sealed class EsisProtocol(SpiField type) : OneWayMProtocol("esis", idleTimeout: 600)
{
    private const int TypeOffset = 4;

    /// <inheritdoc/>
    public override void Process(Session session, in PacketView packet)
    {
        if (packet.Payload.Length <= TypeOffset)
            return;
        int number = packet.Payload[TypeOffset] & 0x1F;
        ReadOnlySpan<byte> name = number switch
        {
            2 => "esh"u8,
            4 => "ish"u8,
            6 => "rd"u8,
            _ => default,
        };
        NumberedName.Add(session, type, name, "unknown-"u8, number);
    }
}
