using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Quic;

/// <summary>A packet with a long header, still protected; the bytes are borrowed.</summary>
internal ref struct QuicPacket
{
    private const byte LongForm = 0x80;
    private const int LongestId = 20;

    /// <summary>The first byte.</summary>
    public byte First;

    /// <summary>The version.</summary>
    public uint Version;

    /// <summary>The id of the connection at its receiver's.</summary>
    public ReadOnlySpan<byte> DestinationId;

    /// <summary>From the packet number to the end of the tag.</summary>
    public ReadOnlySpan<byte> Body;

    /// <summary>Whether it is an Initial packet.</summary>
    public bool IsInitial;

    /// <summary>Whether a datagram begins with a long header.</summary>
    public static bool IsLong(ReadOnlySpan<byte> datagram) => datagram is [>= LongForm, ..];

    /// <summary>Takes a packet off a datagram's front.</summary>
    /// <returns>False at the end, and for what cannot be read on: short headers, Retry, version negotiation, and nonsense.</returns>
    public static bool TryRead(ref ReadOnlySpan<byte> datagram, out QuicPacket packet)
    {
        packet = default;
        if (!IsLong(datagram))
            return false;
        var reader = new PacketReader(datagram);
        packet.First = reader.U8();
        packet.Version = reader.U32();
        int length = reader.U8();
        packet.DestinationId = reader.Take(length);
        int sourceLength = reader.U8();
        reader.Skip(sourceLength);
        if (reader.Failed || packet.Version == 0 || length > LongestId || sourceLength > LongestId)
            return false;
        // 00 Initial, 01 0-RTT, 10 Handshake, 11 Retry; version 2 counts on by one
        int type = (packet.First >> 4) & 3;
        if (QuicVersion.IsTwo(packet.Version))
            type = (type - 1) & 3;
        packet.IsInitial = type == 0;
        if (type == 3)
            return false;
        if (packet.IsInitial)
            reader.Take(QuicFrame.Length(ref reader));
        packet.Body = reader.Take(QuicFrame.Length(ref reader));
        if (reader.Failed)
            return false;
        datagram = reader.Rest;
        return true;
    }
}
