using System.Reflection;
using Avro;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Core.Stats;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>Makes messages of a run's figures: Avro's single-object encoding of <c>stats.avsc</c>. One a second: Apache.Avro is fast enough.</summary>
internal sealed class StatsEncoder(string node)
{
    private readonly AvroSingleObject _frame = new(StatsSchema.Json);
    private readonly GenericDatumWriter<GenericRecord> _writer = new(StatsSchema.Parsed);
    private readonly string _run = Guid.CreateVersion7().ToString();
    private readonly string _version =
        typeof(StatsEncoder).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public byte[] Encode(RunSnapshot now, DateTimeOffset time)
    {
        var record = new GenericRecord(StatsSchema.Parsed);
        record.Add("time", time.UtcDateTime);
        record.Add("run", _run);
        record.Add("node", node);
        record.Add("version", _version);
        record.Add("state", now.State);
        record.Add("seconds", now.Seconds);
        record.Add("packets", now.Reader.Packets);
        record.Add("bytes", now.Reader.Bytes);
        record.Add("filtered", now.Reader.Filtered);
        record.Add("sources", now.Reader.Sources);
        record.Add("damaged", now.Reader.Damaged);
        record.Add("verdicts", Map(now.Verdicts));
        record.Add("sessions_open", Map(now.Sessions.ByState));
        record.Add("sessions_created", now.Sessions.Created);
        record.Add("sessions_spare", now.Sessions.Spare);
        record.Add("sessions_evicted", now.Sessions.Evicted);
        record.Add("sessions_ended_early", now.Sessions.EndedEarly);
        record.Add("emergencies", now.Sessions.Emergencies);
        record.Add("memory_bytes", now.Sessions.MemoryBytes);
        record.Add("records", Map(now.RecordsByReason));
        record.Add("queues", now.Blocks.Select(Queue).ToArray());
        record.Add("sinks", now.Sinks.Select(Sink).ToArray());
        record.Add("plugins", now.Plugins.Select(Plugin).ToArray());
        record.Add(
            "kernel",
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["packets"] = now.Reader.KernelPackets,
                ["dropped"] = now.Reader.KernelDropped,
                ["freezes"] = now.Reader.KernelFreezes,
            }
        );
        record.Add(
            "shed",
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["newSessions"] = now.Sessions.Refused,
                ["flows"] = now.Verdicts.GetValueOrDefault("overloadDropped"),
                ["batches"] = now.Reader.Shed,
            }
        );
        record.Add("balanced", now.Ledger.Balanced);
        using var bytes = new MemoryStream();
        _writer.Write(record, new BinaryEncoder(bytes));
        return _frame.Frame(bytes.GetBuffer().AsSpan(0, (int)bytes.Length));
    }

    private static GenericRecord Queue(BlockFigures block)
    {
        GenericRecord queue = Item("queues");
        queue.Add("block", block.Name);
        queue.Add("queued", (long)block.Queued);
        queue.Add("capacity", (long)block.Capacity);
        queue.Add("messages", block.Messages);
        return queue;
    }

    private static GenericRecord Sink(SinkFigures figures)
    {
        GenericRecord sink = Item("sinks");
        sink.Add("name", figures.Name);
        sink.Add("accepted", figures.Accepted);
        sink.Add("delivered", figures.Delivered);
        sink.Add("failed", figures.Failed);
        sink.Add("committed_before", figures.CommittedBefore);
        sink.Add("postponed", figures.Postponed);
        sink.Add("open", figures.Open);
        sink.Add("copied", figures.Copied);
        sink.Add("dead_lettered", Map(figures.DeadLettered));
        sink.Add("spooled", figures.Spooled);
        sink.Add("evicted", figures.Evicted);
        sink.Add("bytes", figures.Bytes);
        return sink;
    }

    private static GenericRecord Plugin(PluginFigure figures)
    {
        GenericRecord plugin = Item("plugins");
        plugin.Add("name", figures.Name);
        plugin.Add("errors", figures.Errors);
        plugin.Add("counters", Map(figures.Counters));
        return plugin;
    }

    private static GenericRecord Item(string field) => new((RecordSchema)((ArraySchema)StatsSchema.Parsed[field].Schema).ItemSchema);

    private static Dictionary<string, object> Map(IReadOnlyDictionary<string, long> counts) =>
        counts.ToDictionary(static count => count.Key, static count => (object)count.Value, StringComparer.Ordinal);
}
