using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>What a producer alone needs for the records of a run: the lines of a file, with keys and headers as FlowPipe has them, from memory.</summary>
internal static class BareProducer
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    /// <summary>Prints how many records, bytes of values and seconds it were, from the first record to the last acknowledgement.</summary>
    /// <param name="brokers">host:port,…</param>
    /// <param name="topic">Where they go.</param>
    /// <param name="file">Documents as <c>--to ndjson:FILE</c> writes them.</param>
    /// <param name="settings">librdkafka's, as NAME=VALUE.</param>
    public static int Produce(string brokers, string topic, string file, string[] settings)
    {
        List<Message<byte[], byte[]>> messages = [.. ProducedRecords.Read(file).Select(MessageOf)];
        Dictionary<string, string> configuration = KafkaClientSettings.ForProducer(brokers, ProducedRecords.Settings(settings));
        using IProducer<byte[], byte[]> producer = new ProducerBuilder<byte[], byte[]>(configuration).Build();
        using (IAdminClient admin = new DependentAdminClientBuilder(producer.Handle).Build())
            admin.GetMetadata(topic, TimeSpan.FromSeconds(10)); // as FlowPipe has done when it begins
        int delivered = 0;
        Action<DeliveryReport<byte[], byte[]>> onDelivery = report =>
        {
            if (!report.Error.IsError)
                Interlocked.Increment(ref delivered);
        };
        long begin = Stopwatch.GetTimestamp();
        foreach (Message<byte[], byte[]> message in messages)
        {
            while (!TryProduce(producer, topic, message, onDelivery))
                Thread.Sleep(1);
        }
        while (producer.Flush(Slice) > 0) { }
        double seconds = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        long bytes = messages.Sum(static message => (long)message.Value.Length);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{delivered} {bytes} {seconds:0.000}"));
        return delivered == messages.Count ? 0 : 1;
    }

    private static bool TryProduce(
        IProducer<byte[], byte[]> producer,
        string topic,
        Message<byte[], byte[]> message,
        Action<DeliveryReport<byte[], byte[]>> onDelivery
    )
    {
        try
        {
            producer.Produce(topic, message, onDelivery);
            return true;
        }
        catch (ProduceException<byte[], byte[]> e) when (e.Error.Code == ErrorCode.Local_QueueFull)
        {
            return false;
        }
    }

    private static Message<byte[], byte[]> MessageOf(ProducedRecord record) =>
        new()
        {
            Key = record.Key,
            Value = record.Value,
            Headers =
            [
                new Header("id", System.Text.Encoding.UTF8.GetBytes(record.Id.ToString())),
                new Header("node", "flowpipe"u8.ToArray()),
                new Header("final", "1"u8.ToArray()),
                new Header("reason", "timeout"u8.ToArray()),
            ],
        };
}
