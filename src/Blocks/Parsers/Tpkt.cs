using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// ISO transport over TCP (RFC 1006, X.224), which carries Siemens' controllers and remote desktops.
/// <code>
/// | 03 00 | length (2), these 4 included | header's length less 1 (1) | type (4 bits), credit (4) | … | data |
/// request E0, confirm D0: | destination (2) | source (2) | class (1) | variable part |
/// data F0:                | number (1) |
/// </code>
/// </summary>
internal static class Tpkt
{
    public const int HeaderLength = 4;
    public const int ConnectionRequest = 0xE0;
    public const int ConnectionConfirm = 0xD0;
    public const int Data = 0xF0;

    /// <summary>Where the variable part of a connection's request begins.</summary>
    public const int VariablePart = 11;

    /// <summary>A packet's length; 0 when more must come to say, −1 when this is none.</summary>
    public static int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] != 3)
            return -1;
        if (bytes.Length < HeaderLength)
            return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length < HeaderLength ? -1 : length;
    }

    /// <summary>Opens X.224's header.</summary>
    /// <param name="packet">A packet.</param>
    /// <param name="type">E0, D0, F0, …</param>
    /// <param name="content">What is behind the header.</param>
    public static bool TryOpen(ReadOnlySpan<byte> packet, out int type, out ReadOnlySpan<byte> content)
    {
        var reader = new PacketReader(packet);
        reader.Skip(HeaderLength);
        int length = reader.U8();
        type = reader.U8() & 0xF0;
        reader.Skip(length - 1);
        content = reader.Rest;
        return !reader.Failed;
    }
}
