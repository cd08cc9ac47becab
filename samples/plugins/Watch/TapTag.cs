using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace Watch;

/// <summary>
/// A layer between Ethernet and what it carries, as a tap might add one: which of its ports the frame came in by. Its Ethernet type is the one that
/// IEEE 802 leaves to experiments.
/// <code>
/// | destination (6) | source (6) | 88 B5 | port (2) | Ethernet type (2) | payload
/// </code>
/// </summary>
internal static class TapTag
{
    private const ushort EtherType = 0x88B5;
    private const int Length = 4;

    public static void Register(IRegistrar registrar)
    {
        PluginCounter tagged = registrar.Counter("tap_tags", "Frames with a tap's tag");
        registrar.Ethernet(
            EtherType,
            (context, ref packet, frame, offset) =>
            {
                // A callback of enqueue: as little as it takes, a verdict instead of an exception, and what is inside goes back into the tables.
                if (frame.Length - offset < Length)
                    return PacketRc.Corrupt;
                context.Count(tagged);
                ushort inside = BinaryPrimitives.ReadUInt16BigEndian(frame[(offset + 2)..]);
                return context.RunEthernet(inside, ref packet, frame, offset + Length);
            }
        );
    }
}
