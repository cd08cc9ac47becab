using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// Fragments as the input says them, six bytes each: identification, place, length, flags, time. No exception, memory within its limit, every
/// packet in one counter, and no offset outside of a datagram.
/// </summary>
public static class FragmentTarget
{
    private const int Memcap = 200_000;
    private static readonly SessionSettings Settings = new()
    {
        MaxFrags = 8,
        DefragMemcap = Memcap,
        FragsTimeout = 3,
    };

    public static void Run(ReadOnlySpan<byte> input)
    {
        PacketDecoder decoder = Make();
        long clock = 0;
        long packets = 0;
        for (; input.Length >= 6; input = input[6..])
        {
            clock += input[5] * 10_000_000L;
            byte[] frame = Frame(input);
            var record = new PacketRecord
            {
                LinkType = 101,
                CapturedLength = frame.Length,
                OriginalLength = frame.Length,
                TimestampNs = clock,
                ClockNs = clock,
            };
            PacketRc verdict = decoder.Decode(ref record, frame);
            decoder.Verdicts[(int)verdict] += decoder.Batch.PacketsOf(in record);
            packets++;
            int length = record.Owned == 0 ? frame.Length : decoder.Batch.Owned.Frame(in record).Length;
            if (verdict == PacketRc.DoProcess && record.PayloadOffset + record.PayloadLength > length)
                throw new InvalidOperationException("offsets outside of the datagram");
            Check(decoder, packets);
        }
        decoder.Fragments.Flush();
        Check(decoder, packets);
        if (decoder.Verdicts[(int)PacketRc.Held] != 0 || decoder.Fragments.Bytes != 0)
            throw new InvalidOperationException("fragments are left after all were given up");
    }

    private static void Check(PacketDecoder decoder, long packets)
    {
        long counted = 0;
        foreach (long count in decoder.Verdicts)
            counted += count;
        if (counted != packets)
            throw new InvalidOperationException($"{packets} packets, but {counted} are counted");
        if (decoder.Fragments.Bytes > Memcap || decoder.Fragments.Count > Settings.MaxFrags)
            throw new InvalidOperationException($"{decoder.Fragments.Count} datagrams take {decoder.Fragments.Bytes} bytes");
    }

    /// <summary>id (1) | place in 8 bytes (2) | length (1) | 01: more, 02: IPv6, 04: length in 8 bytes, 08: cut short (1) | time (1)</summary>
    private static byte[] Frame(ReadOnlySpan<byte> input)
    {
        int place = BinaryPrimitives.ReadUInt16BigEndian(input[1..]) & 0x1FFF;
        int length = input[3] * ((input[4] & 4) != 0 ? 8 : 1);
        int more = input[4] & 1;
        bool v6 = (input[4] & 2) != 0;
        int header = v6 ? 48 : 20;
        var frame = new byte[header + length];
        if (v6)
        {
            frame[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(4), (ushort)(8 + length));
            frame[6] = 44;
            frame[40] = 17;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(42), (ushort)((place << 3) | more));
            frame[47] = input[0];
        }
        else
        {
            frame[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)(20 + length));
            frame[5] = input[0];
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(6), (ushort)(place | (more << 13)));
            frame[9] = 17;
        }
        return (input[4] & 8) != 0 ? frame[..(header + (length / 2))] : frame;
    }

    private static PacketDecoder Make()
    {
        var tables = new LayerTables(FieldDictionary.Default);
        byte tcp = tables.Register(new TcpProtocol(Settings));
        byte udp = tables.Register(new UdpProtocol());
        BuiltInLayers.Register(tables, []);
        return new PacketDecoder(tables, tcp, udp, new Tracking(Vlan: true, Vni: true, TunnelDepth: true, Salt: 1), Settings);
    }
}
