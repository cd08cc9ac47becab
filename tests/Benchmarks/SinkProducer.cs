using System.Diagnostics;
using System.Globalization;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>What the Kafka sink needs for the records of a run, without the pipeline before it.</summary>
internal static class SinkProducer
{
    private const int BatchSize = 256;

    /// <summary>Prints how many records, bytes of values and seconds it were, from the first record to the last acknowledgement.</summary>
    /// <param name="brokers">host:port,…</param>
    /// <param name="topic">Where they go.</param>
    /// <param name="file">Documents as <c>--to ndjson:FILE</c> writes them.</param>
    /// <param name="settings">librdkafka's, as NAME=VALUE.</param>
    public static async Task<int> ProduceAsync(string brokers, string topic, string file, string[] settings)
    {
        List<SpiBatch> batches = [.. ProducedRecords.Read(file).Chunk(BatchSize).Select(BatchOf)];
        await using ISpiSink sink = SinkFactory.Create(
            $"kafka://{brokers}/{topic}?format=json",
            new SinkSettings
            {
                Schema = static () => throw new NotSupportedException("JSON has no schema"),
                Node = "flowpipe",
                Warn = Console.Error.WriteLine,
                Kafka = ProducedRecords.Settings(settings),
            }
        );
        await sink.OpenAsync(CancellationToken.None);
        long begin = Stopwatch.GetTimestamp();
        foreach (SpiBatch batch in batches)
            await sink.WriteAsync(batch);
        await sink.FlushAsync(CancellationToken.None);
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{sink.Counts.Delivered} {sink.Counts.Bytes} {seconds:0.000}"));
        return sink.Counts.Failed + sink.Counts.Open == 0 ? 0 : 1;
    }

    private static SpiBatch BatchOf(ProducedRecord[] records)
    {
        var batch = new SpiBatch(recycle: null);
        using var json = new MemoryStream();
        foreach (ProducedRecord one in records)
        {
            SpiRecord record = batch.Add();
            record.Id = one.Id;
            record.Key = one.Key;
            record.Final = true;
            int start = (int)json.Length;
            json.Write(one.Value);
            record.JsonRange = start..(int)json.Length;
        }
        batch.Json = json.ToArray();
        batch.JsonLength = batch.Json.Length;
        return batch;
    }
}
