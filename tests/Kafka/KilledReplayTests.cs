using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>A replay with <c>--exactly-once</c> that is killed at random moments and given again, into a real Kafka.</summary>
public sealed class KilledReplayTests
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    /// <summary>Five kills, a hundred in the long form.</summary>
    private static readonly int Kills = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("FLOWPIPE_KAFKA_LONG")) ? 5 : 100;

    [Fact]
    public async Task EachRecordIsThereOnce()
    {
        await using RealKafka kafka = await RealKafka.StartAsync();
        using var folder = new TemporaryFolder();
        string lines = Path.Combine(folder.Path, "sessions.json");
        (await Executable.RunAsync("replay", "-R", Repository.Path("samples"), "--sorted", "--to", $"ndjson:{lines}")).Succeeded();
        string[] ids = Documents.Ids(Documents.OfFile(lines));

        int killed = 0;
        for (int round = 0; killed < Kills; round++)
        {
            string topic = $"round-{round}";
            (await kafka.ToolAsync("topics", "--create", "--topic", topic, "--partitions", "3")).Succeeded();
            string[] replay = Command(kafka, topic);
            for (int tries = 0; tries < 8 && killed < Kills; tries++)
            {
                using var run = new ProgramRun(replay);
                await Task.Delay(Random.Shared.Next(200, 4_000), Stop);
                if (!await run.KillAsync())
                    break; // it had come to its end
                killed++;
            }

            ProgramResult last = (await Executable.RunAsync(replay)).Succeeded();
            string sink = $"kafka://{kafka.Address}/{topic}";
            Assert.Contains("ledger: balanced", last.Error, StringComparison.Ordinal);
            ProgramResult read = await Executable.RunAsync("consume", "--from", sink, "--format", "sessions3");
            Assert.Equal(ids, Documents.Ids(Documents.Parse(read.Succeeded().Out)));

            // Whoever gives the command once more gets nothing twice.
            ProgramResult again = (await Executable.RunAsync(replay)).Succeeded();
            Assert.Equal(ids.Length, again.Ledger($"records committed to {sink} by an earlier run"));
            Assert.Equal(0, again.Ledger($"records delivered to {sink}"));
        }
    }

    [Fact]
    public async Task AnotherSettingIsRefused()
    {
        await using RealKafka kafka = await RealKafka.StartAsync();
        (await kafka.ToolAsync("topics", "--create", "--topic", "spi", "--partitions", "1")).Succeeded();
        string[] replay = Command(kafka, "spi");
        (await Executable.RunAsync(replay)).Succeeded();
        // Where the run tells of itself is no such setting.
        using var folder = new TemporaryFolder();
        (
            await Executable.RunAsync([.. replay, "--manifest", Path.Combine(folder.Path, "run.json"), "--set", "manifest.topic="])
        ).Succeeded();
        ProgramResult other = await Executable.RunAsync([.. replay, "--set", "sessions.udpTimeout=7"]);
        other.Said(1, "sessions.udpTimeout=7", "exactlyOnce.id");
        (await Executable.RunAsync([.. replay, "--set", "sessions.udpTimeout=7", "--set", "exactlyOnce.id=other"])).Succeeded();
    }

    private static string[] Command(RealKafka kafka, string topic) =>
        [
            "replay",
            "-R",
            Repository.Path("samples"),
            "--sorted",
            "--to",
            $"kafka://{kafka.Address}/{topic}",
            "--exactly-once",
            "--set",
            "exactlyOnce.packets=100",
            "--partitions",
            "2",
        ];
}
