using System.Buffers.Binary;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>
/// A capture as long as one likes, the same bytes each time: every packet is a UDP session of its own, a second of packet time behind the one
/// before, so that there is a record for each packet and they leave as evenly as the packets come.
/// </summary>
internal static class PacketFeed
{
    private const int FirstSecond = 1_700_000_000;
    private const int SnapLength = 65_535;
    private const int Ethernet = 1;

    /// <summary>Bytes of a packet's payload.</summary>
    private const int PayloadLength = 64;

    /// <summary>The header of a pcap file.</summary>
    public static byte[] Header()
    {
        byte[] header = new byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(6), 4);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), SnapLength);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(20), Ethernet);
        return header;
    }

    /// <summary>Packets one after the other, each behind its header.</summary>
    /// <param name="first">Number of the first.</param>
    /// <param name="count">How many.</param>
    public static byte[] Packets(int first, int count)
    {
        var bytes = new MemoryStream();
        for (int number = first; number < first + count; number++)
            Write(bytes, number, Session(number));
        return bytes.ToArray();
    }

    /// <summary>Packets of one session, whose record has a position and a length for each of them: that makes it as large as wanted.</summary>
    /// <param name="first">Number of the first.</param>
    /// <param name="count">How many.</param>
    public static byte[] OneSession(int first, int count)
    {
        var bytes = new MemoryStream();
        byte[] frame = Session(first);
        for (int number = first; number < first + count; number++)
            Write(bytes, first, frame);
        return bytes.ToArray();
    }

    private static byte[] Session(int number)
    {
        // A payload that no protocol begins with, and that does not compress away.
        byte[] payload = new byte[PayloadLength];
        new Random(number).NextBytes(payload);
        payload[0] = 0xF5;
        string client = $"10.{1 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}";
        return PacketBuilder.EthernetIp(
            PacketBuilder.UdpNumber,
            client,
            "10.0.0.1",
            PacketBuilder.Udp(20_000 + (number % 40_000), 40_000, payload)
        );
    }

    private static void Write(MemoryStream bytes, int second, byte[] frame)
    {
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(header, FirstSecond + second);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], 0);
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Length);
        bytes.Write(header);
        bytes.Write(frame);
    }
}
