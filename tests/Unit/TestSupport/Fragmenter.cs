using System.Buffers.Binary;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>A piece of a datagram's payload.</summary>
internal readonly record struct Piece(int Start, int End, bool More);

/// <summary>Cuts IP datagrams into fragments.</summary>
internal static class Fragmenter
{
    /// <summary>The pieces of a payload, each but the last of so many bytes, a multiple of eight.</summary>
    public static List<Piece> Pieces(int length, int size) =>
        [
            .. Enumerable
                .Range(0, (length + size - 1) / size)
                .Select(i => new Piece(i * size, Math.Min(length, (i + 1) * size), (i + 1) * size < length)),
        ];

    /// <summary>A fragment of an IPv4 datagram without options.</summary>
    public static byte[] V4(byte protocol, string source, string destination, byte[] payload, Piece piece, int id = 1)
    {
        byte[] ip = PacketBuilder.IPv4(
            protocol,
            source,
            destination,
            payload[piece.Start..piece.End],
            fragment: (piece.Start / 8) | (piece.More ? 0x2000 : 0)
        );
        BinaryPrimitives.WriteUInt16BigEndian(ip.AsSpan(4), (ushort)id);
        return ip;
    }

    /// <summary>A fragment of an IPv6 datagram.</summary>
    public static byte[] V6(byte next, string source, string destination, byte[] payload, Piece piece, int id = 7)
    {
        byte[] rest = PacketBuilder.FragmentHeader(next, payload[piece.Start..piece.End], piece.Start / 8, piece.More);
        BinaryPrimitives.WriteInt32BigEndian(rest.AsSpan(4), id);
        return PacketBuilder.IPv6(44, source, destination, rest);
    }
}
