using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Enqueue;

/// <summary>Each layer: what it passes on, and what it makes of frames that are cut, changed or lie.</summary>
public sealed class LayerTests
{
    private const string A = "10.0.0.1";
    private const string B = "10.0.0.2";
    private const string A6 = "2001:db8::1";
    private const string B6 = "2001:db8::2";
    private static readonly byte[] UdpData = Udp(1000, 53, [1, 2, 3, 4, 5]);
    private static readonly byte[] V4 = IPv4(UdpNumber, A, B, UdpData);
    private static readonly byte[] V6 = IPv6(UdpNumber, A6, B6, UdpData);
    private readonly Decoder _decoder = new();

    /// <summary>Frames that make sessions: name, link type, frame, where its UDP (or other) payload begins.</summary>
    public static TheoryData<string, int, byte[], int> Good =>
        new()
        {
            { "Ethernet IPv4", 1, Ethernet(IPv4Type, V4), 34 },
            { "Ethernet IPv6", 1, Ethernet(IPv6Type, V6), 54 },
            { "one tag", 1, Ethernet(IPv4Type, V4, tags: (Dot1q, 5)), 38 },
            { "two tags", 1, Ethernet(IPv4Type, V4, tags: [(Dot1ad, 100), (Dot1q, 5)]), 42 },
            { "three tags", 1, Ethernet(IPv6Type, V6, tags: [(0x9100, 1), (Dot1ad, 2), (Dot1q, 3)]), 66 },
            { "cooked", 113, Sll(IPv4Type, V4), 36 },
            { "cooked IPv6", 113, Sll(IPv6Type, V6), 56 },
            { "cooked, tagged", 113, Sll(Dot1q, [.. U16(5), .. U16(IPv4Type), .. V4]), 40 },
            { "cooked 2", 276, Sll2(IPv4Type, V4), 40 },
            { "cooked 2 IPv6", 276, Sll2(IPv6Type, V6), 60 },
            { "raw", 101, V4, 20 },
            { "raw IPv6", 101, V6, 40 },
            { "raw IPv4 only", 228, V4, 20 },
            { "raw IPv6 only", 229, V6, 40 },
            { "null, little-endian", 0, [2, 0, 0, 0, .. V4], 24 },
            { "null, big-endian", 0, [0, 0, 0, 2, .. V4], 24 },
            { "null, IPv6 of FreeBSD", 0, [28, 0, 0, 0, .. V6], 44 },
            { "null, IPv6 of macOS", 0, [0, 0, 0, 30, .. V6], 44 },
            { "loop", 108, [0, 0, 0, 24, .. V6], 44 },
            { "IPv4 options", 1, Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData, options: new byte[40])), 74 },
            { "hop by hop", 1, Ethernet(IPv6Type, IPv6(0, A6, B6, Extension(UdpNumber, UdpData))), 62 },
            {
                "a chain",
                1,
                Ethernet(IPv6Type, IPv6(0, A6, B6, Extension(43, Extension(60, Extension(UdpNumber, UdpData, 3), 2)))),
                54 + 8 + 16 + 24
            },
            { "a fragment that is whole (RFC 6946)", 1, Ethernet(IPv6Type, IPv6(44, A6, B6, FragmentHeader(UdpNumber, UdpData))), 62 },
            { "TCP", 1, EthernetIp(TcpNumber, A, B, Tcp(1, 2, 3, 4, 2, [9], options: new byte[40])), 34 },
            { "ICMP", 1, EthernetIp(IcmpNumber, A, B, Icmp(8, 0, [1])), 34 },
            { "ICMPv6", 1, EthernetIp(IcmpV6Number, A6, B6, Icmp(135, 0, new byte[20])), 54 },
            { "SCTP", 1, EthernetIp(SctpNumber, A, B, Sctp(1, 2, SctpData(3, [4]))), 34 },
        };

    [Theory]
    [MemberData(nameof(Good))]
    public void PassesOn(string name, int linkType, byte[] frame, int payload)
    {
        Assert.NotEmpty(name);
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(linkType, frame, out PacketRecord record));
        Assert.Equal((payload, frame.Length - payload), (record.PayloadOffset, record.PayloadLength));
        Assert.Equal(linkType == 1 ? 0 : PacketRecord.None, record.EtherOffset);
        Assert.Equal(PacketRecord.None, record.OuterIpOffset);
    }

    public static TheoryData<string, int, byte[], PacketRc> Verdicts =>
        new()
        {
            { "nothing", 1, [], PacketRc.Corrupt },
            { "ARP", 1, Ethernet(0x0806, new byte[28]), PacketRc.UnknownEther },
            { "802.3 length", 1, Ethernet(46, new byte[46]), PacketRc.UnknownEther },
            { "802.3 length without LLC", 1, Ethernet(2, new byte[46]), PacketRc.Corrupt },
            { "ARP, tagged", 1, Ethernet(0x0806, new byte[28], tags: (Dot1q, 5)), PacketRc.UnknownEther },
            { "four tags", 1, Ethernet(IPv4Type, V4, tags: [(Dot1q, 1), (Dot1q, 2), (Dot1q, 3), (Dot1q, 4)]), PacketRc.Corrupt },
            { "a link type nobody knows", 147, V4, PacketRc.UnknownLink },
            { "the greatest link type", 65535, V4, PacketRc.UnknownLink },
            { "null of an unknown family", 0, [7, 0, 0, 0, .. V4], PacketRc.UnknownLink },
            { "raw of version 5", 101, [0x55, .. V4[1..]], PacketRc.Corrupt },
            { "IPv6 announced as IPv4", 1, Ethernet(IPv4Type, V6), PacketRc.Corrupt },
            { "IPv4 announced as IPv6", 1, Ethernet(IPv6Type, [.. V4, .. new byte[40]]), PacketRc.Corrupt },
            { "a protocol nobody knows", 1, EthernetIp(253, A, B, new byte[20]), PacketRc.UnknownIp },
            { "IHL below 5", 1, Ethernet(IPv4Type, [0x44, .. V4[1..]]), PacketRc.Corrupt },
            { "IHL beyond the frame", 1, Ethernet(IPv4Type, [0x4F, .. V4[1..]]), PacketRc.Corrupt },
            { "total length below the header", 1, Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData, totalLength: 19)), PacketRc.Corrupt },
            { "total length of the header", 1, Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData, totalLength: 20)), PacketRc.Corrupt },
            { "the first fragment", 1, Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData[..8], fragment: 0x2000)), PacketRc.Held },
            { "the last fragment", 1, Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData, fragment: 1)), PacketRc.Held },
            { "don't fragment", 1, Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData, fragment: 0x4000)), PacketRc.DoProcess },
            {
                "IPv6, the first fragment",
                1,
                Ethernet(IPv6Type, IPv6(44, A6, B6, FragmentHeader(UdpNumber, UdpData[..8], more: true))),
                PacketRc.Held
            },
            {
                "IPv6, the last fragment",
                1,
                Ethernet(IPv6Type, IPv6(44, A6, B6, FragmentHeader(UdpNumber, UdpData, offset: 1))),
                PacketRc.Held
            },
            { "no next header", 1, Ethernet(IPv6Type, IPv6(59, A6, B6, [])), PacketRc.UnknownIp },
            {
                "an extension beyond the payload",
                1,
                Ethernet(IPv6Type, IPv6(0, A6, B6, [UdpNumber, 9, .. new byte[14]])),
                PacketRc.Corrupt
            },
            { "too many extensions", 1, Ethernet(IPv6Type, IPv6(60, A6, B6, Chain(17))), PacketRc.Corrupt },
            { "as many as there may be", 1, Ethernet(IPv6Type, IPv6(60, A6, B6, Chain(16))), PacketRc.DoProcess },
            { "UDP of seven bytes", 1, EthernetIp(UdpNumber, A, B, new byte[7]), PacketRc.Corrupt },
            { "UDP without data", 1, EthernetIp(UdpNumber, A, B, new byte[8]), PacketRc.DoProcess },
            { "TCP of 19 bytes", 1, EthernetIp(TcpNumber, A6, B6, new byte[19]), PacketRc.Corrupt },
            { "SCTP of 11 bytes", 1, EthernetIp(SctpNumber, A, B, new byte[11]), PacketRc.Corrupt },
            { "ICMP without a byte", 1, EthernetIp(IcmpNumber, A, B, []), PacketRc.DoProcess },
            { "ICMPv6 in IPv4", 1, EthernetIp(IcmpV6Number, A, B, new byte[8]), PacketRc.Corrupt },
        };

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void Judges(string name, int linkType, byte[] frame, PacketRc verdict)
    {
        Assert.NotEmpty(name);
        Assert.Equal(verdict, _decoder.Decode(linkType, frame));
    }

    [Fact]
    public void TheLengthIsIpsOrWhatWasCaptured()
    {
        Assert.Equal(13, PayloadLength(Ethernet(IPv4Type, [.. V4, .. new byte[18]]))); // padded to Ethernet's minimum
        Assert.Equal(31, PayloadLength(Ethernet(IPv4Type, [.. IPv4(UdpNumber, A, B, UdpData, totalLength: 0), .. new byte[18]])));
        Assert.Equal(13, PayloadLength(Ethernet(IPv4Type, IPv4(UdpNumber, A, B, UdpData, totalLength: 1500)))); // cut by the snap length
        Assert.Equal(13, PayloadLength(Ethernet(IPv6Type, [.. V6, .. new byte[6]])));
        Assert.Equal(19, PayloadLength(Ethernet(IPv6Type, [.. IPv6(UdpNumber, A6, B6, UdpData, payloadLength: 0), .. new byte[6]])));
        Assert.Equal(13, PayloadLength(Ethernet(IPv6Type, IPv6(UdpNumber, A6, B6, UdpData, payloadLength: 65535))));
    }

    [Fact]
    public void TagsAreKeptFromTheOutsideIn()
    {
        byte[] frame = Ethernet(IPv4Type, V4, tags: [(Dot1ad, 0xF064), (Dot1q, 5), (0x9100, 4095)]);
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, frame, out PacketRecord record));
        Assert.Equal((0x3064, 0x1005, 0x3FFF), (record.Vlan0, record.Vlan1, record.Vlan2));
        Assert.Equal(IPv4Type, record.EtherType);
    }

    [Fact]
    public void FramesOfPacketDotNet()
    {
        var udp = new PacketDotNet.UdpPacket(1234, 53) { PayloadData = [1, 2, 3] };
        var ip = new PacketDotNet.IPv4Packet(System.Net.IPAddress.Parse(A), System.Net.IPAddress.Parse(B))
        {
            PayloadPacket = udp,
            TimeToLive = 7,
        };
        var ethernet = new PacketDotNet.EthernetPacket(
            System.Net.NetworkInformation.PhysicalAddress.Parse(MacA.ToUpperInvariant().Replace(':', '-')),
            System.Net.NetworkInformation.PhysicalAddress.Parse(MacB.ToUpperInvariant().Replace(':', '-')),
            PacketDotNet.EthernetType.IPv4
        )
        {
            PayloadPacket = ip,
        };
        ip.UpdateCalculatedValues();
        byte[] theirs = ethernet.Bytes;
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, theirs, out PacketRecord record));
        Assert.Equal((14, 34, 11), (record.IpOffset, record.PayloadOffset, record.PayloadLength));

        // and ours are theirs
        byte[] ours = Ethernet(IPv4Type, IPv4(UdpNumber, A, B, Udp(1234, 53, [1, 2, 3]), ttl: 7));
        var parsed = PacketDotNet.Packet.ParsePacket(PacketDotNet.LinkLayers.Ethernet, ours);
        Assert.Equal([1, 2, 3], parsed.Extract<PacketDotNet.UdpPacket>().PayloadData);
        Assert.Equal(7, parsed.Extract<PacketDotNet.IPv4Packet>().TimeToLive);
        var tcp = PacketDotNet
            .Packet.ParsePacket(PacketDotNet.LinkLayers.Ethernet, EthernetIp(TcpNumber, A6, B6, Tcp(5, 6, 7, 8, 0x12, [9])))
            .Extract<PacketDotNet.TcpPacket>();
        Assert.Equal(
            (5, 6, 7u, 8u, true, true),
            (tcp.SourcePort, tcp.DestinationPort, tcp.SequenceNumber, tcp.AcknowledgmentNumber, tcp.Synchronize, tcp.Acknowledgment)
        );
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task AnyPrefixIsJudgedAndDigested(string name, int linkType, byte[] frame, int payload)
    {
        Assert.True(payload > 0, name);
        var packets = new List<CapturedPacket>();
        for (int length = 0; length <= frame.Length; length++)
        {
            PacketRc verdict = _decoder.Decode(linkType, frame[..length]);
            Assert.True(verdict is PacketRc.DoProcess or PacketRc.Corrupt, $"{verdict} at {length}");
            Assert.True(length >= payload || verdict == PacketRc.Corrupt, $"{verdict} at {length}, without its headers");
            packets.Add(new CapturedPacket(length, frame[..length], frame.Length));
        }
        await SessionRun.OfAsync(packets, linkType: linkType);
    }

    [Theory]
    [MemberData(nameof(Good))]
    public async Task AnyChangedByteIsJudgedAndDigested(string name, int linkType, byte[] frame, int payload)
    {
        Assert.True(payload > 0, name);
        var packets = new List<CapturedPacket>();
        for (int at = 0; at < frame.Length; at++)
        {
            for (int value = 0; value < 256; value++)
            {
                byte[] changed = [.. frame];
                changed[at] = (byte)value;
                _ = _decoder.Decode(linkType, changed);
                if (value is 0 or 1 or 0x0F or 0x7F or 0x80 or 0xF0 or 0xFF)
                    packets.Add(new CapturedPacket(at, changed));
            }
        }
        await SessionRun.OfAsync(packets, linkType: linkType, partitions: 2);
    }

    /// <summary>Longer than an offset of a packet record can say; loopback and segmentation offload make such.</summary>
    [Fact]
    public async Task FramesOf256KiB()
    {
        byte[] data = new byte[262_144 - 100];
        (byte[] Frame, int Payload)[] frames =
        [
            (Ethernet(IPv4Type, IPv4(UdpNumber, A, B, [.. UdpData, .. data], totalLength: 0)), 65_535 - 20),
            (Ethernet(IPv4Type, IPv4(UdpNumber, A, B, [.. UdpData, .. data], totalLength: 65_535)), 65_535 - 20),
            (
                Ethernet(IPv4Type, IPv4(TcpNumber, A, B, [.. Tcp(1, 2, 3, 4, 16, []), .. data], options: new byte[40], totalLength: 0)),
                65_535 - 60
            ),
            (Ethernet(IPv6Type, IPv6(UdpNumber, A6, B6, [.. UdpData, .. data], payloadLength: 0)), 65_535),
            (Ethernet(IPv6Type, IPv6(UdpNumber, A6, B6, [.. UdpData, .. data], payloadLength: 65_535)), 65_535),
            (
                Ethernet(
                    IPv6Type,
                    IPv6(60, A6, B6, [.. Chain(16, 256), .. data], payloadLength: 0),
                    tags: [(Dot1q, 1), (Dot1q, 2), (Dot1q, 3)]
                ),
                65_535 - (16 * 2048)
            ),
        ];
        foreach ((byte[] frame, int payload) in frames)
        {
            Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, frame, out PacketRecord record));
            Assert.Equal(payload, record.PayloadLength);
        }
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
            [.. frames.Select((frame, i) => new CapturedPacket(i, frame.Frame))],
            new SessionSettings { MaxPackets = 1 }
        );
        // Sessions that are open at the end are saved in an order of their own.
        Assert.Equal(frames.Select(frame => (long)frame.Frame.Length).Order(), records.Select(record => record.Long("bytes")).Order());
        Assert.All(records, record => Assert.Equal(record.Long("bytes") + 16, record.PacketLengths().Single()));
    }

    /// <summary>A layer of a plugin may find what it passes on anywhere in such a frame.</summary>
    [Theory]
    [InlineData(IPv4Type)]
    [InlineData(IPv6Type)]
    public void WhatBeginsBeyondAnOffsetsReachIsRefused(ushort etherType)
    {
        byte[] ip = etherType == IPv4Type ? V4 : V6;
        foreach (
            int at in (int[])
                [0, 40_000, 65_000, 65_480, 65_500, 65_510, 65_514, 65_515, 65_516, 65_534, 65_535, 65_536, 70_000, 131_072 - 40]
        )
        {
            var decoder = new Decoder(new FarAway(etherType, at));
            PacketRc verdict = decoder.Decode(200, [.. new byte[at], .. ip], out PacketRecord record);
            bool reaches = at + ip.Length - UdpData.Length < PacketRecord.None;
            Assert.Equal(reaches ? PacketRc.DoProcess : PacketRc.Corrupt, verdict);
            if (reaches)
                Assert.Equal((at, UdpData.Length), (record.IpOffset, record.PayloadLength));
        }
    }

    [Fact]
    public void LayersWithoutEndAreRefused()
    {
        var decoder = new Decoder(new Endless());
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Ethernet(0x88B5, new byte[50])));
        Assert.Equal(PacketRc.DoProcess, decoder.Decode(1, Ethernet(IPv4Type, V4)));
    }

    [Fact]
    public void WhatIsRegisteredTwiceOrOutOfRangeIsAnError()
    {
        LayerTables tables = _decoder.Tables;
        EnqueueCallback callback = (EnqueueContext _, ref PacketRecord _, ReadOnlySpan<byte> _, int _) => PacketRc.DontProcess;
        Assert.Throws<FlowPipeException>(() => tables.Link(113, callback));
        Assert.Throws<FlowPipeException>(() => tables.Link(1024, callback));
        Assert.Throws<FlowPipeException>(() => tables.Link(-1, callback));
        Assert.Throws<FlowPipeException>(() => tables.Ethernet(IPv4Type, callback));
        Assert.Throws<FlowPipeException>(() => tables.Ip(IcmpNumber, callback));
        Assert.Throws<FlowPipeException>(() => tables.Ip(TcpNumber, callback));
        Assert.Throws<FlowPipeException>(() => tables.Ip(UdpNumber, callback));
        Assert.Throws<FlowPipeException>(() => tables.Link(1, callback));
        Assert.Throws<FlowPipeException>(() => tables.Register(new UdpProtocol()));
    }

    private int PayloadLength(byte[] frame)
    {
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, frame, out PacketRecord record));
        return record.PayloadLength;
    }

    /// <summary>Destination options, one after the other, then UDP.</summary>
    private static byte[] Chain(int headers, int eights = 1)
    {
        byte[] chain = Extension(UdpNumber, UdpData, eights);
        for (int i = 1; i < headers; i++)
            chain = Extension(60, chain, eights);
        return chain;
    }

    private sealed class FarAway(ushort etherType, int at) : IFlowPipePlugin
    {
        public string Name => "far away";

        public void Register(IRegistrar registrar) =>
            registrar.Link(
                200,
                (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                    context.RunEthernet(etherType, ref packet, frame, at)
            );
    }

    private sealed class Endless : IFlowPipePlugin
    {
        public string Name => "endless";

        public void Register(IRegistrar registrar) =>
            registrar.Ethernet(
                0x88B5,
                (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
                    context.RunEthernet(0x88B5, ref packet, frame, offset)
            );
    }
}
