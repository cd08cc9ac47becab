using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Quic;

/// <summary>A frame of an Initial packet (RFC 9000 section 19); the bytes are borrowed.</summary>
internal ref struct QuicFrame
{
    private const byte Padding = 0;
    private const byte Ping = 1;
    private const byte Ack = 2;
    private const byte AckEcn = 3;
    private const byte Crypto = 6;
    private const byte GooglesCrypto = 8;
    private const byte GooglesAck = 0x40;
    private const byte ConnectionClose = 0x1C;

    /// <summary>Whether it carries a piece of the handshake.</summary>
    public bool IsCrypto;

    /// <summary>Where in the handshake the piece belongs.</summary>
    public long Offset;

    /// <summary>The piece.</summary>
    public ReadOnlySpan<byte> Data;

    /// <summary>Takes a frame off the front.</summary>
    /// <returns>False at the end, and for what no Initial packet may have.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> frames, bool googles, out QuicFrame frame)
    {
        frame = default;
        if (frames.IsEmpty)
            return false;
        var reader = new PacketReader(frames);
        byte type = reader.U8();
        switch (type)
        {
            case Padding:
                int padding = reader.Rest.IndexOfAnyExcept(Padding);
                reader.Skip(padding < 0 ? reader.Remaining : padding);
                break;
            case Ping:
                break;
            case Ack or AckEcn:
                SkipAck(ref reader, type == AckEcn);
                break;
            case Crypto:
            case GooglesCrypto when googles:
                frame.IsCrypto = true;
                frame.Offset = Number(ref reader);
                frame.Data = reader.Take(Length(ref reader));
                break;
            case ConnectionClose:
                Number(ref reader);
                Number(ref reader);
                reader.Skip(Length(ref reader));
                break;
            default:
                if (!googles || (type & 0xC0) != GooglesAck)
                    return false;
                SkipGooglesAck(ref reader, type);
                break;
        }
        frames = reader.Rest;
        return !reader.Failed;
    }

    /// <summary>An integer of 1, 2, 4 or 8 bytes, as its first two bits say (RFC 9000 section 16).</summary>
    public static long Number(ref PacketReader reader) =>
        (reader.Peek >> 6) switch
        {
            0 => reader.U8(),
            1 => reader.U16() & 0x3FFF,
            2 => reader.U32() & 0x3FFF_FFFF,
            _ => (long)(reader.U64() & 0x3FFF_FFFF_FFFF_FFFF),
        };

    /// <summary>The same for a length; one that no datagram has is −1, which no reader can take.</summary>
    public static int Length(ref PacketReader reader)
    {
        long length = Number(ref reader);
        return length <= ushort.MaxValue ? (int)length : -1;
    }

    private static void SkipAck(ref PacketReader reader, bool ecn)
    {
        Number(ref reader);
        Number(ref reader);
        long ranges = Number(ref reader);
        Number(ref reader);
        for (; ranges > 0 && !reader.Failed; ranges--)
        {
            Number(ref reader);
            Number(ref reader);
        }
        for (int count = ecn ? 3 : 0; count > 0; count--)
            Number(ref reader);
    }

    /// <summary>
    /// Google's own: type 01ntllmm, largest number (1, 2, 4 or 6 by ll), delay (2), n: count of further blocks (1), length of the first block (by mm),
    /// each further block: gap (1), length (by mm); count of times (1), for the first 5 bytes, for the others 3.
    /// </summary>
    private static void SkipGooglesAck(ref PacketReader reader, byte type)
    {
        int blockLength = NumberLength(type & 3);
        reader.Skip(NumberLength((type >> 2) & 3) + 2);
        int blocks = (type & 0x20) != 0 ? reader.U8() : 0;
        reader.Skip(blockLength + (blocks * (1 + blockLength)));
        int times = reader.U8();
        reader.Skip(times == 0 ? 0 : 5 + (3 * (times - 1)));
    }

    private static int NumberLength(int code) => code == 0 ? 1 : 2 * code;
}
