using FlowPipe.Core;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>Sessions that end when Arkime's would, which depends on the packets of others.</summary>
public sealed class ArkimeTimeoutsTests
{
    private static readonly SessionSettings AsArkime = new() { UdpTimeout = 10, ArkimeTimeouts = true };

    [Fact]
    public async Task WhoSpeaksAgainBeforeAnyoneElseGoesOn()
    {
        (double, int)[] packets = [(0, 1), (100, 1)];
        Assert.Equal("2", await PacketsOfAsync(packets, AsArkime));
        Assert.Equal("1 1", await PacketsOfAsync(packets, AsArkime with { ArkimeTimeouts = false }));
    }

    [Fact]
    public async Task WhoSpeaksAfterAnotherHasEnded()
    {
        // The second of the packet before is what counts: at 100 it is still 0.
        Assert.Equal("1 2 1", await PacketsOfAsync([(0, 1), (100, 2), (101, 2), (102, 1)], AsArkime));
        Assert.Equal("2 1", await PacketsOfAsync([(0, 1), (10, 2), (11, 1)], AsArkime));
    }

    [Fact]
    public async Task TenEndBeforeAPacket()
    {
        (double, int)[] idle = [.. Enumerable.Range(1, 15).Select(port => (0.0, port))];
        // Before the packet of 101 the first ten end, so the twelfth goes on and the third begins anew.
        IReadOnlyList<GatheredRecord> records = await RunAsync([.. idle, (100, 99), (101, 12), (101, 3)], AsArkime, 7);
        Assert.Equal(17, records.Count);
        Assert.Equal(2, Assert.Single(records, record => record.Long("port.src") == 12).Long("packets"));
        Assert.Equal(2, records.Count(record => record.Long("port.src") == 3));
    }

    [Fact]
    public async Task BatchesMakeNoDifference()
    {
        var random = new Random(5);
        double at = 0;
        var packets = new List<(double, int)>();
        for (int i = 0; i < 2_000; i++)
            packets.Add((at += random.NextDouble() * 3, random.Next(1, 40)));
        string[]? ids = null;
        foreach (int size in (int[])[1, 7, 256])
        {
            IReadOnlyList<GatheredRecord> records = await RunAsync(packets, AsArkime, size);
            string[] now = [.. records.Select(record => $"{record.Id} {record.Long("packets")}").Order(StringComparer.Ordinal)];
            Assert.Equal(ids ??= now, now);
        }
        Assert.True(ids!.Length > 300, $"{ids.Length} records");
    }

    [Fact]
    public async Task SeveralPartitionsAreRefused()
    {
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(() =>
            SessionRun.OfAsync([new MemorySource([], 1)], AsArkime, partitions: 2)
        );
        Assert.Contains("needs one partition", e.Message, StringComparison.Ordinal);
    }

    private static async Task<string> PacketsOfAsync((double At, int Port)[] packets, SessionSettings settings) =>
        string.Join(' ', (await RunAsync(packets, settings, 7)).Select(record => record.Long("packets")));

    private static Task<IReadOnlyList<GatheredRecord>> RunAsync(
        IEnumerable<(double At, int Port)> packets,
        SessionSettings settings,
        int batch
    ) =>
        SessionRun.OfAsync(
            [
                new MemorySource(
                    [.. packets.Select(packet => new Conversation(clientPort: packet.Port).Udp(packet.At, true, "x").Packets[0])],
                    1
                ),
            ],
            settings,
            batchSizes: [batch]
        );
}
