using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Enqueue.TunnelSamples;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Enqueue;

/// <summary>What <c>records.arkimeQuirks</c> changes of how packets are read, and that nothing changes without it.</summary>
public sealed class ArkimeReadingsTests
{
    private static readonly byte[] Whole = IPv4(UdpNumber, A, B, Udp(1, 2, [3, 4, 5, 6]));
    private static readonly byte[] V6Fragment = IPv6(
        44,
        "2001:db8::1",
        "2001:db8::2",
        [17, 0, 0, 1, 0, 0, 0, 9, .. Udp(1, 2, new byte[8])]
    );

    /// <summary>Name, frame, our verdict, Arkime's.</summary>
    public static TheoryData<string, byte[], PacketRc, PacketRc> Frames =>
        new()
        {
            { "whole", Ethernet(IPv4Type, Whole), PacketRc.DoProcess, PacketRc.DoProcess },
            { "cut by the snap length", Ethernet(IPv4Type, Whole[..^2]), PacketRc.DoProcess, PacketRc.Corrupt },
            { "IPv6 fragment", Ethernet(IPv6Type, V6Fragment), PacketRc.Held, PacketRc.DontProcess },
            { "GRE, metadata", Outer(47, [0, 0, 0x89, 0x09, 8, 0, 1, 1, 0, 1, 0, 0, .. Whole]), PacketRc.DoProcess, PacketRc.UnknownEther },
            { "GRE, empty keep-alive", Outer(47, [0x20, 0, 0, 0, 0, 0, 0, 9]), PacketRc.UnknownEther, PacketRc.DontProcess },
            { "GRE, IPv4", Outer(47, [0, 0, 8, 0, .. Whole]), PacketRc.DoProcess, PacketRc.DoProcess },
        };

    [Theory]
    [MemberData(nameof(Frames))]
    public void VerdictsDiffer(string name, byte[] frame, PacketRc ours, PacketRc arkimes)
    {
        Assert.NotEmpty(name);
        Assert.Equal(ours, new Decoder().Decode(1, frame));
        Assert.Equal(arkimes, new Decoder(new SessionSettings { ArkimeReadings = true }).Decode(1, frame));
    }

    [Fact]
    public void IpHeaderBehindMetadataGivesMacs()
    {
        byte[] frame = Outer(47, [0, 0, 0x89, 0x09, 8, 0, 1, 1, 0, 1, 0, 0, .. Whole]);
        new Decoder(new SessionSettings { ArkimeReadings = true }).Decode(1, frame, out PacketRecord record);
        Assert.Equal((0, 14 + 20 + 4 + 8), (record.OuterEtherOffset, record.EtherOffset));
    }

    [Theory]
    [InlineData(0, false, 0)]
    [InlineData(0, true, 10_000)]
    [InlineData(9, true, 19_000)]
    [InlineData(10, true, 10_000)]
    public async Task StampsNearZero(long seconds, bool quirks, long milliseconds)
    {
        GatheredRecord record = Assert.Single(
            await SessionRun.OfAsync(
                [new CapturedPacket(seconds * 1_000_000_000, Ethernet(IPv4Type, Whole))],
                records: new() { ArkimeQuirks = quirks }
            )
        );
        Assert.Equal((milliseconds, 0), (record.Long("first_packet"), record.Long("length")));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task OspfOverIPv6HasOneSide(bool quirks, int fromClient)
    {
        byte[] hello = [3, 1, 0, 12, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        CapturedPacket[] packets =
        [
            new(0, Ethernet(IPv6Type, IPv6(89, "fe80::1", "fe80::2", hello))),
            new(1, Ethernet(IPv6Type, IPv6(89, "fe80::2", "fe80::1", hello))),
        ];
        var settings = new SessionSettings { Parsers = new Dictionary<string, string> { ["arkimeQuirks"] = quirks ? "true" : "false" } };
        GatheredRecord record = Assert.Single(
            await SessionRun.OfAsync([new MemorySource(packets, 1)], settings, plugins: [new OspfPlugin()])
        );
        Assert.Equal(fromClient, record.Long("packets.src"));
    }
}
