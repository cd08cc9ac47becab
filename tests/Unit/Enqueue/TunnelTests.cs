using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Enqueue.TunnelSamples;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Enqueue;

/// <summary>Link types and tunnels: what is found inside, what is noted of the outside, and what becomes of frames that are cut or lie.</summary>
public sealed class TunnelTests
{
    private readonly Decoder _decoder = new();

    public static TheoryData<string> Names => [.. Links.Concat(Tunnelled).Select(sample => sample.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void WhatIsInsideMakesTheSession(string name)
    {
        Sample sample = Find(name);
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(sample.LinkType, sample.Bytes, out PacketRecord record));
        Assert.Equal(sample.InnerAt, record.IpOffset);
        int header = sample.Bytes[record.IpOffset] >> 4 == 4 ? 20 : 40;
        Assert.Equal((sample.InnerAt + header, 13), (record.PayloadOffset, record.PayloadLength));
        Assert.Equal(sample.Tunnel, record.Tunnel & ~Tunnels.Other);
        Assert.Equal((sample.Vni, sample.Depth), (record.Vni, record.TunnelDepth));
        Assert.Equal(sample.Depth > 0 ? 14 : PacketRecord.None, record.OuterIpOffset);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyPrefixIsJudgedAndDigested(string name)
    {
        Sample sample = Find(name);
        var packets = new List<CapturedPacket>();
        for (int length = 0; length <= sample.Bytes.Length; length++)
        {
            PacketRc verdict = _decoder.Decode(sample.LinkType, sample.Bytes[..length], out PacketRecord record);
            // Without all its headers no packet belongs to a session of what is inside.
            Assert.True(length >= sample.InnerAt + 28 || verdict != PacketRc.DoProcess || record.IpOffset < sample.InnerAt, $"{length}");
            packets.Add(new CapturedPacket(length, sample.Bytes[..length], sample.Bytes.Length));
        }
        await SessionRun.OfAsync(packets, linkType: sample.LinkType);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AnyChangedByteIsJudgedAndDigested(string name)
    {
        Sample sample = Find(name);
        var packets = new List<CapturedPacket>();
        for (int at = 0; at < sample.InnerAt + 20; at++)
        {
            foreach (byte value in (byte[])[0, 1, 2, 3, 0x0F, 0x3F, 0x40, 0x45, 0x60, 0x7F, 0x80, 0xAA, 0xF0, 0xFE, 0xFF])
            {
                byte[] changed = [.. sample.Bytes];
                changed[at] = value;
                _ = _decoder.Decode(sample.LinkType, changed);
                packets.Add(new CapturedPacket(at, changed));
            }
        }
        await SessionRun.OfAsync(packets, linkType: sample.LinkType, partitions: 2);
    }

    /// <summary>Random bytes, alone and behind the beginning of a sample, under every link type there is.</summary>
    [Fact]
    public void RandomBytesAreJudged()
    {
        int[] linkTypes = [.. Enumerable.Range(0, 1024).Where(linkType => _decoder.Tables.OfLink(linkType) is not null)];
        Assert.True(linkTypes.Length > 40);
        Sample[] samples = [.. Links, .. Tunnelled];
        Gen.Select(Gen.Int[0, linkTypes.Length - 1], Gen.Int[0, samples.Length - 1], Gen.Int[0, 120], Gen.Byte.Array[0, 200])
            .Sample(
                (link, which, kept, noise) =>
                {
                    var decoder = new Decoder();
                    Sample sample = samples[which];
                    decoder.Decode(linkTypes[link], noise);
                    decoder.Decode(sample.LinkType, [.. sample.Bytes[..Math.Min(kept, sample.Bytes.Length)], .. noise]);
                },
                iter: 2_000
            );
    }

    [Fact]
    public void TunnelsThatFoldBackOnThemselvesAreCorrupt()
    {
        byte[] inner = IPv4(UdpNumber, A, B, Udp(1, 2, [3]));
        for (int depth = 1; depth <= 20; depth++)
        {
            inner = IPv4(4, A, B, inner);
            PacketRc verdict = _decoder.Decode(101, inner, out PacketRecord record);
            // The raw link is a layer too.
            Assert.Equal(depth < EnqueueContext.DepthMax ? PacketRc.DoProcess : PacketRc.Corrupt, verdict);
            if (verdict == PacketRc.DoProcess)
                Assert.Equal(depth, record.TunnelDepth);
        }
        byte[] frame = Ethernet(IPv4Type, IPv4(UdpNumber, A, B, Udp(1, 2, [3])));
        for (int depth = 1; depth <= 20; depth++)
        {
            frame = OuterUdp(4789, [8, 0, 0, 0, 0, 0, (byte)depth, 0, .. frame]);
            Assert.Equal(depth <= EnqueueContext.DepthMax ? PacketRc.DoProcess : PacketRc.Corrupt, _decoder.Decode(1, frame));
        }
        // Frames in frames, without an IP header between them.
        byte[] bridged = [.. Enumerable.Range(0, 10_000).SelectMany(_ => Ethernet(0x88E7, [0, 0, 0, 1]))];
        Assert.Equal(PacketRc.Corrupt, _decoder.Decode(1, bridged));
        byte[] snapped = [.. Enumerable.Range(0, 10_000).SelectMany(_ => Ethernet(1500, [0xAA, 0xAA, 3, 0, 0x80, 0xC2, 0, 7]))];
        Assert.Equal(PacketRc.Corrupt, _decoder.Decode(1, snapped));
    }

    /// <summary>Datagrams to a tunnel's port that are not of the tunnel: name and frame.</summary>
    public static TheoryData<string, byte[]> NoTunnels =>
        new()
        {
            { "VXLAN, reserved bits", OuterUdp(4789, [0xFF, .. new byte[60]]) },
            { "VXLAN, nothing", OuterUdp(4789, []) },
            { "VXLAN-GPE of an unknown protocol", OuterUdp(4790, [12, 0, 0, 99, .. new byte[60]]) },
            { "Geneve of another version", OuterUdp(6081, [0xC0, .. new byte[60]]) },
            { "Geneve, options beyond the end", OuterUdp(6081, [0x3F, .. new byte[60]]) },
            { "GTP, an echo", OuterUdp(2152, [0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0]) },
            { "GTP of another length", OuterUdp(2152, [0x30, 255, 0, 9, 0, 0, 0, 1, .. new byte[20]]) },
            { "Teredo, a bubble's beginning", OuterUdp(3544, [0x60, 0, 0, 0, 0, 9]) },
            { "Teredo, IPv4", OuterUdp(3544, IPv4(UdpNumber, A, B, Udp(1, 2, new byte[40]))) },
            { "TZSP, a keep-alive", OuterUdp(37008, [1, 4, 0, 0, 1]) },
            { "TZSP, tags without end", OuterUdp(37008, [1, 0, 0, 1, .. new byte[90]]) },
            { "L2TP, control", OuterUdp(1701, [0xC8, 2, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0]) },
            { "L2TP, LCP", OuterUdp(1701, [0, 2, 0, 1, 0, 2, 0xFF, 3, 0xC0, 0x21, 1, 1, 0, 4]) },
            { "CAPWAP, DTLS", OuterUdp(5247, [1, 0, 0, 0, .. new byte[40]]) },
            { "CAPWAP, keep-alive", OuterUdp(5247, [0, 0x10, 2, 8, .. new byte[40]]) },
            { "CAPWAP, a beacon", OuterUdp(5247, [0, 0x10, 3, 0, 0, 0, 0, 0, 0x80, .. new byte[40]]) },
            { "LWAPP, control", OuterUdp(12222, [4, .. new byte[40]]) },
            { "LISP, no IP", OuterUdp(4341, new byte[40]) },
            { "AYIYA, an echo", OuterUdp(5072, [0x41, 0x52, 0x12, 59, .. new byte[60]]) },
            { "MPLS, no IP", OuterUdp(6635, [0, 0, 0x21, 64, 0x10, .. new byte[40]]) },
            { "MPLS, no end of the stack", OuterUdp(6635, new byte[40]) },
        };

    [Theory]
    [MemberData(nameof(NoTunnels))]
    public void WhatIsNoTunnelIsPlainUdp(string name, byte[] frame)
    {
        Assert.NotEmpty(name);
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, frame, out PacketRecord record));
        Assert.Equal((14, 34, UdpNumber), (record.IpOffset, record.PayloadOffset, record.IpProtocol));
        Assert.Equal((PacketRecord.None, PacketRecord.None), (record.OuterIpOffset, record.OuterEtherOffset));
        Assert.Equal((Tunnels.None, 0u, 0), (record.Tunnel, record.Vni, record.TunnelDepth));
    }

    /// <summary>Frames that carry no IP, or none that can be had: name, link type, frame, verdict.</summary>
    public static TheoryData<string, int, byte[], PacketRc> WithoutIp =>
        new()
        {
            { "spanning tree", 1, Ethernet(38, [0x42, 0x42, 3, .. new byte[43]]), PacketRc.UnknownEther },
            { "CDP", 1, Ethernet(30, [0xAA, 0xAA, 3, 0, 0, 0x0C, 0x20, 0, .. new byte[22]]), PacketRc.UnknownEther },
            { "IS-IS", 1, Ethernet(30, [0xFE, 0xFE, 3, 0x83, .. new byte[26]]), PacketRc.UnknownEther },
            { "a beacon", 105, [0x80, .. new byte[60]], PacketRc.DontProcess },
            { "an encrypted frame", 105, [8, 0x40, .. new byte[60]], PacketRc.DontProcess },
            { "a token", 6, [0x10, 0, .. new byte[30]], PacketRc.DontProcess },
            { "FDDI's management", 10, [0x41, .. new byte[30]], PacketRc.DontProcess },
            { "SLIP, compressed", 8, [0, 0x80, .. new byte[30]], PacketRc.DontProcess },
            { "LCP", 9, [0xFF, 3, 0xC0, 0x21, 1, 1, 0, 4], PacketRc.DontProcess },
            { "compressed TCP", 9, [0xFF, 3, 0, 0x2D, 1, 1, 0, 4], PacketRc.DontProcess },
            { "PPPoE discovery", 51, [0x11, 9, 0, 0, 0, 0], PacketRc.UnknownEther },
            { "SLARP", 104, [0x8F, 0, 0x80, 0x35, 0, 0, 0, 2], PacketRc.UnknownEther },
            { "netlink", 113, [0, 0, 3, 0x38, .. new byte[40]], PacketRc.DontProcess },
            { "NFLOG without a packet", 239, [2, 0, 0, 0, 4, 0, 1, 0], PacketRc.UnknownLink },
            { "PPI of an unknown link type", 192, [0, 0, 8, 0, 147, 0, 0, 0, 1], PacketRc.UnknownLink },
            { "encrypted MACsec", 1, Ethernet(0x88E5, [0x0C, .. new byte[40]]), PacketRc.UnknownEther },
            { "GRE of version 7", 1, Outer(47, [0, 7, .. U16(IPv4Type), .. new byte[20]]), PacketRc.UnknownEther },
            { "L2TPv3's control", 1, Outer(115, new byte[20]), PacketRc.UnknownIp },
            { "802.15.4", 195, new byte[20], PacketRc.UnknownLink },
            { "BACnet", 165, new byte[20], PacketRc.UnknownLink },
        };

    [Theory]
    [MemberData(nameof(WithoutIp))]
    public void WhatHasNoIpIsCounted(string name, int linkType, byte[] frame, PacketRc verdict)
    {
        Assert.NotEmpty(name);
        Assert.Equal(verdict, _decoder.Decode(linkType, frame));
    }

    [Fact]
    public void VlansOfAllFramesAreKept()
    {
        byte[] inner = Ethernet(IPv4Type, IPv4(UdpNumber, A, B, Udp(1, 2, [3])), tags: (Dot1q, 7));
        byte[] vxlan = IPv4(UdpNumber, OuterA, OuterB, Udp(40_000, 4789, [8, 0, 0, 0, 0, 0, 9, 0, .. inner]));
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, Ethernet(IPv4Type, vxlan, tags: (Dot1ad, 5)), out PacketRecord record));
        Assert.Equal((0x3005, 0x1007, 0), (record.Vlan0, record.Vlan1, record.Vlan2));
        Assert.Equal((0, 14 + 4 + 20 + 8 + 8), (record.OuterEtherOffset, record.EtherOffset));
        Assert.Equal(PacketRc.DoProcess, _decoder.Decode(284, [.. new byte[12], 0x20, 0, 0, 5, 8, 0, .. vxlan], out record));
        Assert.Equal((0x1005, 0x1007, 0), (record.Vlan0, record.Vlan1, record.Vlan2));
    }

    [Fact]
    public async Task RecordsSayWhatIsOutside()
    {
        byte[] there = Vxlan(OuterA, OuterB, MacA, MacB, IPv4(UdpNumber, A, B, Udp(1000, 53, [1])));
        byte[] back = Vxlan(OuterB, OuterA, MacB, MacA, IPv4(UdpNumber, B, A, Udp(53, 1000, [2])));
        GatheredRecord record = Assert.Single(await SessionRun.OfAsync([new CapturedPacket(0, there), new CapturedPacket(1, back)]));
        Assert.Equal("udp vxlan", record.Texts("protocols"));
        Assert.Equal("258", record.Longs("vni"));
        Assert.Equal(MacA, record.Texts("outermac.src"));
        Assert.Equal(MacB, record.Texts("outermac.dst"));
        Assert.Equal(OuterA, record.Ip("outerip.src"));
        Assert.Equal(OuterB, record.Ip("outerip.dst"));

        // Arkime: by the sender of each outer packet, MACs the wrong way round
        record = Assert.Single(
            await SessionRun.OfAsync([new CapturedPacket(0, there)], records: new RecordSettings { ArkimeQuirks = true })
        );
        Assert.Equal(MacB, record.Texts("outermac.src"));
        Assert.Equal(OuterA, record.Ip("outerip.src"));
    }

    [Fact]
    public async Task WhatIsOpaqueIsNotLookedInto()
    {
        CapturedPacket[] packets = [new(0, Vxlan(OuterA, OuterB, MacA, MacB, IPv4(UdpNumber, A, B, Udp(1000, 53, [1]))))];
        GatheredRecord record = Assert.Single(
            await SessionRun.OfAsync(packets, new SessionSettings { OpaqueTunnels = ["vxlan", "teredo"] })
        );
        Assert.Equal(4789, record.Long("port.dst"));
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(() =>
            SessionRun.OfAsync(packets, new SessionSettings { OpaqueTunnels = ["vxlam"] })
        );
        Assert.Contains("vxlan", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheSecondVlanIsPartOfTheKeyOrNot()
    {
        byte[] ip = IPv4(UdpNumber, A, B, Udp(1000, 53, [1]));
        CapturedPacket[] packets =
        [
            new(0, Ethernet(IPv4Type, ip, tags: [(Dot1q, 1), (Dot1q, 2)])),
            new(1, Ethernet(IPv4Type, ip, tags: [(Dot1q, 1), (Dot1q, 3)])),
        ];
        var sessions = new SessionSettings { SessionIdTracking = "vlan" };
        Assert.Equal(2, (await SessionRun.OfAsync(packets, sessions)).Count);
        Assert.Single(await SessionRun.OfAsync(packets, sessions with { SessionIdVlans = 1 }));
    }

    [Fact]
    public void PortsAndAccessPointsAreRegisteredOnce()
    {
        LayerTables tables = _decoder.Tables;
        EnqueueCallback callback = (EnqueueContext _, ref PacketRecord _, ReadOnlySpan<byte> _, int _) => PacketRc.DontProcess;
        Assert.Throws<FlowPipeException>(() => tables.UdpPort(4789, callback));
        Assert.Throws<FlowPipeException>(() => tables.UdpPort(0, callback));
        Assert.Throws<FlowPipeException>(() => tables.Llc(0xAA, callback));
        tables.Llc(0x42, callback);
        Assert.Throws<FlowPipeException>(() => tables.Llc(0x43, callback));
        Assert.Equal(PacketRc.DontProcess, _decoder.Decode(1, Ethernet(38, [0x42, 0x42, 3, .. new byte[43]])));
        // All ports, each in its own bit.
        for (int port = 1; port < 65_536; port += 97)
        {
            if (tables.HasUdpTunnel((uint)port << 16))
                continue;
            tables.UdpPort((ushort)port, callback, eitherSide: true);
            Assert.True(tables.HasUdpTunnel((uint)port) && tables.HasUdpTunnel((uint)port << 16));
            Assert.Same(callback, tables.OfUdpPorts(((uint)port << 16) | 1));
        }
    }

    private static byte[] Vxlan(string source, string destination, string sourceMac, string destinationMac, byte[] inner)
    {
        byte[] frame = Ethernet(IPv4Type, inner);
        byte[] vxlan = IPv4(UdpNumber, source, destination, Udp(40_000, 4789, [8, 0, 0, 0, 0, 1, 2, 0, .. frame]));
        return Ethernet(IPv4Type, vxlan, sourceMac, destinationMac);
    }

    private static Sample Find(string name) => Links.Concat(Tunnelled).Single(sample => sample.Name == name);
}
