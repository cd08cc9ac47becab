using System.Buffers.Binary;
using System.Globalization;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>
/// Captures of very many flows, the same bytes every time: <c>udp</c> has all of them open at once, <c>syn</c> is a flood of half-open
/// connections within a minute, followed by minutes of quiet in which they can time out.
/// </summary>
internal static class FlowCaptures
{
    private const long Begin = 1_700_000_000_000_000;
    private const int Second = 1_000_000;
    private const int UdpSeconds = 50; // less than the timeout
    private const int SynSeconds = 59;

    public static int Write(string kind, string count, string path)
    {
        int flows = int.Parse(count, CultureInfo.InvariantCulture);
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 20);
        WriteFileHeader(file);
        bool syn = kind == "syn";
        byte[] frame = Frame(syn);
        for (int flow = 0; flow < flows; flow++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(26), 0x0A000000u + (uint)(flow >> 2));
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(34), (ushort)(1024 + (flow & 3)));
            WritePacket(file, Begin + ((long)flow * (syn ? SynSeconds : UdpSeconds) * Second / flows), frame);
        }
        if (syn)
            WriteQuiet(file);
        return 0;
    }

    /// <summary>A few flows, so that every partition has packets, for as long as the timeouts of a normal time.</summary>
    private static void WriteQuiet(FileStream file)
    {
        byte[] frame = Frame(syn: false);
        for (int i = 0; i < 600 * 16; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(26), 0xAC100000u + (uint)(i & 15));
            WritePacket(file, Begin + ((long)SynSeconds * Second) + ((long)i * Second / 16), frame);
        }
    }

    /// <summary>Ethernet, IPv4 without options, and a SYN or a datagram of 12 bytes.</summary>
    private static byte[] Frame(bool syn)
    {
        var frame = new byte[54];
        frame[0] = frame[6] = 2;
        frame[5] = 1;
        frame[11] = 2;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), 0x0800);
        frame[14] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(16), (ushort)(frame.Length - 14));
        frame[22] = 64;
        frame[23] = syn ? (byte)6 : (byte)17;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(30), 0xC0A80001);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(36), 80);
        if (syn)
        {
            frame[46] = 5 << 4;
            frame[47] = 2;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(48), 64240);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(38), 20);
        }
        return frame;
    }

    private static void WriteFileHeader(FileStream file)
    {
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        file.Write(header);
    }

    private static void WritePacket(FileStream file, long microseconds, ReadOnlySpan<byte> frame)
    {
        Span<byte> header = stackalloc byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, (uint)(microseconds / Second));
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], (uint)(microseconds % Second));
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(header[12..], frame.Length);
        file.Write(header);
        file.Write(frame);
    }
}
