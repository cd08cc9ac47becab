using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace Watch;

/// <summary>
/// Spanning tree's bridge protocol data units (IEEE 802.1D-2004 section 9.3): a protocol without IP, found by its LLC service access point, whose
/// sessions are our own. All of them are one session.
/// <code>
/// | DSAP 42 | SSAP 42 | control 03 | protocol 00 00 | version (1) | type (1) | flags (1) | root: priority (2), MAC (6) | cost (4) | …
/// </code>
/// </summary>
internal sealed class SpanningTree(CustomField root) : OneWayMProtocol("stp", idleTimeout: 60)
{
    private const byte Sap = 0x42;
    private const int LlcLength = 3;
    private const int IdentifierLength = 8;
    private const byte Configuration = 0;
    private const byte RapidConfiguration = 2;

    public static void Register(IRegistrar registrar)
    {
        var protocol = new SpanningTree(registrar.Define("stp.root", SpiType.Utf8Set, "Priority and MAC of the root bridge"));
        registrar.Register(protocol);
        registrar.Llc(Sap, (context, ref packet, frame, offset) => protocol.Enqueue(context, ref packet, frame, offset + LlcLength));
    }

    public override void Process(Session session, in PacketView packet)
    {
        // A read past the end latches Failed: one question at the end instead of one for each field.
        var reader = new PacketReader(packet.Payload);
        reader.Skip(3);
        byte type = reader.U8();
        reader.Skip(1);
        ReadOnlySpan<byte> identifier = reader.Take(IdentifierLength);
        if (reader.Failed || type is not (Configuration or RapidConfiguration))
            return;
        Span<byte> text = stackalloc byte[2 * IdentifierLength];
        Convert.TryToHexStringLower(identifier, text, out int length);
        session.Add(root, text[..length]);
    }
}
