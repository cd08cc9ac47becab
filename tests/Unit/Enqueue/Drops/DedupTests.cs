using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Enqueue.Drops;

public sealed class DedupTests
{
    private const long Second = 1_000_000_000;
    private const long Begin = 1_700_000_000 * Second;
    private static readonly PacketSettings Dedup = new()
    {
        EnablePacketDedup = true,
        DedupSeconds = 2,
        DedupPackets = 1_024,
    };

    [Fact]
    public async Task CopiesWithinTheWindowAreDropped() =>
        Expect(
            [true, false, false, true, false, true],
            await SeenAsync(
                (0, Frame()),
                (Second, Frame()),
                (Second * 3 / 2, Frame()),
                (Second * 100, Frame()), // long after, and its copy at once
                (Second * 100, Frame()),
                (Second * 103, Frame())
            )
        );

    [Fact]
    public async Task WhatARouterChangesMakesNoOther() => Expect([true, false], await SeenAsync((0, Frame(ttl: 64)), (1, Frame(ttl: 63))));

    [Fact]
    public async Task HopLimitsOfIPv6Neither()
    {
        byte[] frame = PacketBuilder.EthernetIp(PacketBuilder.UdpNumber, "2001:db8::1", "2001:db8::2", PacketBuilder.Udp(1, 2, [7, 8]));
        byte[] other = [.. frame];
        other[14 + 7]--;
        Expect([true, false], await SeenAsync((0, frame), (1, other)));
    }

    [Fact]
    public async Task AnyOtherByteDoes()
    {
        byte[] frame = Frame();
        for (int at = 14 + 12; at < frame.Length; at++)
        {
            byte[] other = [.. frame];
            other[at] ^= 1;
            bool[] seen = await SeenAsync((0, frame), (1, other));
            Assert.True(seen[1], $"byte {at}");
        }
    }

    [Fact]
    public async Task VlansAreApartWhereSessionsAre()
    {
        byte[] ip = PacketBuilder.IPv4(PacketBuilder.UdpNumber, "10.0.0.1", "10.0.0.2", PacketBuilder.Udp(1, 2, [7, 8]));
        byte[] one = PacketBuilder.Ethernet(PacketBuilder.IPv4Type, ip, tags: [(PacketBuilder.Dot1q, 5)]);
        byte[] two = PacketBuilder.Ethernet(PacketBuilder.IPv4Type, ip, tags: [(PacketBuilder.Dot1q, 6)]);
        Expect([true, true], await SeenAsync(new SessionSettings { SessionIdTracking = "vlan" }, (0, one), (1, two)));
        Expect([true, false], await SeenAsync(new SessionSettings { SessionIdTracking = "none" }, (0, one), (1, two)));
    }

    /// <summary>Memory is bounded: of more packets than are remembered the oldest are forgotten, whatever the salt.</summary>
    [Fact]
    public async Task TheOldestAreForgottenFirst()
    {
        (long, byte[])[] packets =
        [
            .. Enumerable.Range(0, 1_025).Select(i => (0L, Frame(i))),
            (0L, Frame(0)),
            (0L, Frame(2)),
            (0L, Frame(1_024)),
        ];
        bool[] seen = await SeenAsync(packets);
        // 0 had been forgotten, and its coming again cost 1 its place
        Expect([true, false, false], seen[1_025..]);
    }

    [Fact]
    public async Task OneFalseStampDoesNotStopIt() =>
        Expect(
            [true, false, true, false],
            await SeenAsync((Second * 1_000_000, Frame()), (0, Frame()), (Second * 10, Frame(5)), (Second * 10, Frame(5)))
        );

    [Fact]
    public async Task EveryPartitionCountDropsTheSame()
    {
        (long, byte[])[] packets = [.. Enumerable.Range(0, 4_000).Select(i => (i * Second / 100, Frame(i * 7919 % 100)))];
        bool[] one = await SeenAsync(packets);
        Assert.Contains(false, one);
        Assert.Equal(one, await SeenAsync(packets));
    }

    private static void Expect(bool[] expected, bool[] seen) => Assert.Equal(expected, seen);

    private static byte[] Frame(int seed = 1, int ttl = 64) =>
        PacketBuilder.Ethernet(
            PacketBuilder.IPv4Type,
            PacketBuilder.IPv4(
                PacketBuilder.UdpNumber,
                "10.0.0.1",
                "10.0.0.2",
                PacketBuilder.Udp(1, 2, PacketBuilder.U32((uint)seed)),
                ttl: ttl
            )
        );

    private static Task<bool[]> SeenAsync(params (long TimeNs, byte[] Frame)[] packets) => SeenAsync(new SessionSettings(), packets);

    /// <summary>Which of the packets went on to their session: those whose position is in a record.</summary>
    private static async Task<bool[]> SeenAsync(SessionSettings sessions, params (long TimeNs, byte[] Frame)[] packets)
    {
        var decoder = new Decoder();
        var tracking = new Tracking(sessions.SessionIdTracking == "vlan", false, true, 7);
        var dedup = new PacketDedup(Dedup, in tracking);
        var clock = new Core.Enqueue.PacketClock();
        var seen = new bool[packets.Length];
        for (int i = 0; i < packets.Length; i++)
        {
            Assert.Equal(PacketRc.DoProcess, decoder.Decode(1, packets[i].Frame, out PacketRecord record));
            record.TimestampNs = Begin + packets[i].TimeNs;
            record.ClockNs = clock.Advance(record.TimestampNs);
            seen[i] = !dedup.IsDuplicate(in record, packets[i].Frame);
        }

        // and the whole pipeline agrees
        var reader = new MemoryReader(
            new MemorySource([.. packets.Select(packet => new CapturedPacket(Begin + packet.TimeNs, packet.Frame))])
        );
        using var run = new SessionRun(reader, new GatheringSink(), sessions, partitions: 3, packets: Dedup);
        await run.RunAsync();
        run.AssertBalanced();
        Assert.Equal(seen.Count(static one => !one), run.Verdicts[(int)PacketRc.DuplicateDropped]);
        return seen;
    }
}
