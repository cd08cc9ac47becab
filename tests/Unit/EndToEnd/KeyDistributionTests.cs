using System.Globalization;
using System.Text;
using FlowPipe.Core.Consuming;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;
using FlowPipe.Tests.Unit.Emitting;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Which partition a key's messages come to: the one that a Java producer chooses, and each as often as any other.</summary>
public sealed class KeyDistributionTests
{
    private const int Partitions = 12;

    /// <summary>Of χ² with 11 degrees of freedom: exceeded with a probability of 0.001 where the keys are even.</summary>
    private const double Limit = 31.264;

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(12)]
    [InlineData(5)]
    public async Task KeysComeWhereJavaSendsThem(int partitions)
    {
        (string Key, int Of12, int Of5)[] vectors = [.. ReadVectors()];
        Assert.True(vectors.Length >= 50);
        using var kafka = new EmbeddedKafka();
        await using ISpiSink sink = SinkFactory.Create(
            $"kafka://embedded/keys?partitions={partitions}",
            new SinkSettings { Schema = static () => TestRecords.Schema, Embedded = kafka }
        );
        await sink.OpenAsync(Stop);
        SpiBatch batch = TestRecords.Batch(0, vectors.Length);
        for (int i = 0; i < vectors.Length; i++)
            batch.Records[i].Key = Encoding.UTF8.GetBytes(vectors[i].Key);
        await sink.WriteAsync(batch);
        await sink.FlushAsync(Stop);
        Assert.Equal(
            vectors.Select(vector => (vector.Key, partitions == 12 ? vector.Of12 : vector.Of5)).Order(),
            (await EmbeddedTopic.ReadAsync(kafka, "keys"))
                .Select(static message => (Encoding.UTF8.GetString(message.Key), message.Partition))
                .Order()
        );
    }

    [Fact]
    public async Task KeysOfRealFlowsAreEven()
    {
        string captures = Repository.Path("..", "shared", "corpus", "flows", "pcap");
        Assert.SkipUnless(Directory.Exists(captures), "../shared/corpus is not here");
        using var kafka = new EmbeddedKafka();
        kafka.CreateTopic("keys", Partitions);
        // Records without positions are smaller: this cluster keeps 5 MB a partition.
        ProgramResult run = await Executable.RunAsync(
            "replay",
            "-R",
            captures,
            "--sorted",
            "--positions",
            "none",
            "--to",
            $"kafka://{kafka.BootstrapServers}/keys"
        );
        List<TopicRecord> read = await EmbeddedTopic.ReadAsync(kafka, "keys");
        Assert.Equal(run.Ledger("records made"), read.Count);

        var partitionOf = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (TopicRecord message in read)
        {
            string key = Encoding.UTF8.GetString(message.Key);
            Assert.NotEmpty(key);
            Assert.Equal(message.Partition, partitionOf.TryGetValue(key, out int before) ? before : message.Partition);
            partitionOf[key] = message.Partition;
        }
        Assert.True(partitionOf.Count > 1_000, $"{partitionOf.Count} keys");
        double expected = (double)partitionOf.Count / Partitions;
        double[] counts = [.. Enumerable.Range(0, Partitions).Select(i => (double)partitionOf.Values.Count(one => one == i))];
        double statistic = counts.Sum(count => (count - expected) * (count - expected) / expected);
        TestContext.Current.TestOutputHelper!.WriteLine($"{partitionOf.Count} keys, χ² = {statistic:0.00}: {string.Join(' ', counts)}");
        Assert.True(statistic < Limit, $"χ² = {statistic:0.00} of {partitionOf.Count} keys: {string.Join(' ', counts)}");
    }

    private static IEnumerable<(string Key, int Of12, int Of5)> ReadVectors()
    {
        foreach (string line in File.ReadLines(Repository.Path("tests", "Unit", "Emitting", "murmur2.tsv")))
        {
            if (line.StartsWith('#'))
                continue;
            string[] parts = line.Split('\t');
            yield return (parts[0], Number(parts[2]), Number(parts[3]));
        }

        static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
    }
}
