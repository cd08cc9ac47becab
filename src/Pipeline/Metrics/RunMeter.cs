using System.Diagnostics.Metrics;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>
/// The run's figures as instruments of System.Diagnostics.Metrics. All are observed: nothing happens, on no packet's path, until somebody asks, and
/// then it is the snapshot that the terminal shows too.
/// </summary>
internal sealed class RunMeter : IDisposable
{
    public const string Name = "FlowPipe";

    private readonly Meter _meter = new(Name);
    private readonly Func<RunSnapshot> _snapshot;
    private readonly KafkaStatistics _kafka;
    private readonly Lock _gate = new();
    private RunSnapshot _now = new();
    private IReadOnlyList<KafkaProducerFigures> _producers = [];
    private long _takenMs = long.MinValue;

    public RunMeter(Func<RunSnapshot> snapshot, KafkaStatistics kafka)
    {
        _snapshot = snapshot;
        _kafka = kafka;
        AddPackets();
        AddSessions();
        AddRecords();
        AddPlugins();
        AddFiles();
        AddKafka();
    }

    public void Dispose() => _meter.Dispose();

    private void AddPackets()
    {
        Counter("flowpipe.packets", "{packet}", "Packets read", now => now.Reader.Packets);
        Counter("flowpipe.read", "By", "Bytes read, decompressed", now => now.Reader.Bytes);
        Counter("flowpipe.filtered", "{packet}", "Packets that the filter left out", now => now.Reader.Filtered);
        Counter("flowpipe.sources", "{source}", "Inputs begun", now => now.Reader.Sources);
        Counter("flowpipe.sources.damaged", "{source}", "Inputs that could not be read to their end", now => now.Reader.Damaged);
        Counter(
            "flowpipe.kernel.dropped",
            "{packet}",
            "Packets that the kernel dropped at interfaces, not read",
            now => now.Reader.KernelDropped
        );
        Counter(
            "flowpipe.kernel.freezes",
            "{freeze}",
            "How often the kernel found a ring full and took nothing until there was room",
            now => now.Reader.KernelFreezes
        );
        Counter("flowpipe.shed", "{packet}", "Packets that readers shed under overload", now => now.Reader.Shed);
        Counter("flowpipe.refused", "{packet}", "Packets whose sessions were not begun under overload", now => now.Sessions.Refused);
        Counter("flowpipe.failed", "{packet}", "Packets that a plugin's protocol could not put into a session", now => now.Sessions.Failed);
        Counters("flowpipe.verdicts", "{packet}", "Packets by what enqueue said of them", now => ByName(now.Verdicts, "verdict"));
        Gauges("flowpipe.state", "", "1 for the state that the run is in", now => [new Measurement<double>(1, Tag("state", now.State))]);
        Gauges("flowpipe.uptime", "s", "Time since the run began", now => [new Measurement<double>(now.Seconds)]);
        Gauges(
            "flowpipe.queue.length",
            "{message}",
            "Messages that wait before a stage",
            now => now.Blocks.Select(static block => new Measurement<double>(block.Queued, Tag("block", block.Name)))
        );
        Gauges(
            "flowpipe.queue.capacity",
            "{message}",
            "How many can",
            now => now.Blocks.Select(static block => new Measurement<double>(block.Capacity, Tag("block", block.Name)))
        );
        Counters(
            "flowpipe.messages",
            "{message}",
            "Messages that a stage has handled",
            now => now.Blocks.Select(static block => new Measurement<long>(block.Messages, Tag("block", block.Name)))
        );
    }

    private void AddSessions()
    {
        Gauges(
            "flowpipe.sessions",
            "{session}",
            "Open sessions by state",
            now => now.Sessions.ByState.Select(static state => new Measurement<double>(state.Value, Tag("state", state.Key)))
        );
        Gauges("flowpipe.sessions.spare", "{session}", "Session objects ready for use", now => [new(now.Sessions.Spare)]);
        Gauges("flowpipe.sessions.memory", "By", "Bytes that open sessions take", now => [new(now.Sessions.MemoryBytes)]);
        Gauges("flowpipe.sessions.emergency", "{partition}", "Partitions in emergency mode", now => [new(now.Sessions.InEmergency)]);
        Counter("flowpipe.sessions.created", "{session}", "Sessions begun", now => now.Sessions.Created);
        Counter("flowpipe.sessions.recycled", "{session}", "Sessions returned to the pool", now => now.Sessions.Recycled);
        Counter("flowpipe.sessions.evicted", "{session}", "Sessions ended for lack of room", now => now.Sessions.Evicted);
        Counter(
            "flowpipe.sessions.ended_early",
            "{session}",
            "Sessions ended by emergency mode's timeouts",
            now => now.Sessions.EndedEarly
        );
        Counter("flowpipe.emergencies", "", "Times that a partition went into emergency mode", now => now.Sessions.Emergencies);
    }

    private void AddRecords()
    {
        Counters("flowpipe.records", "{record}", "Records made, by reason", now => ByName(now.RecordsByReason, "reason"));
        Counter("flowpipe.records.packets", "{packet}", "Packets that the records stand for", now => now.RecordPackets);
        Counters(
            "flowpipe.sink.records",
            "{record}",
            "Records by fate: delivered, failed for good, evicted from the spool, committed by an earlier run, left to the next",
            now =>
                now.Sinks.SelectMany(static sink =>
                    (Measurement<long>[])
                        [
                            new(sink.Delivered, Tag("sink", sink.Name), Tag("fate", "delivered")),
                            new(sink.Failed, Tag("sink", sink.Name), Tag("fate", "failed")),
                            new(sink.Evicted, Tag("sink", sink.Name), Tag("fate", "evicted")),
                            new(sink.CommittedBefore, Tag("sink", sink.Name), Tag("fate", "committed_before")),
                            new(sink.Postponed, Tag("sink", sink.Name), Tag("fate", "postponed")),
                        ]
                )
        );
        Counters(
            "flowpipe.sink.dead_letters",
            "{record}",
            "Dead letters by reason",
            now =>
                now.Sinks.SelectMany(static sink =>
                    sink.DeadLettered.Select(dead => new Measurement<long>(dead.Value, Tag("sink", sink.Name), Tag("reason", dead.Key)))
                )
        );
        Counters(
            "flowpipe.sink.copies",
            "{record}",
            "Records that routes sent to further topics",
            now => now.Sinks.Select(static sink => new Measurement<long>(sink.Copied, Tag("sink", sink.Name)))
        );
        Gauges(
            "flowpipe.sink.spooled",
            "{record}",
            "Records of this run that are in the spool",
            now => now.Sinks.Select(static sink => new Measurement<double>(sink.Spooled, Tag("sink", sink.Name)))
        );
        Gauges(
            "flowpipe.sink.open",
            "{record}",
            "Records on their way",
            now => now.Sinks.Select(static sink => new Measurement<double>(sink.Open, Tag("sink", sink.Name)))
        );
        Counters(
            "flowpipe.sink",
            "By",
            "Bytes of the delivered records",
            now => now.Sinks.Select(static sink => new Measurement<long>(sink.Bytes, Tag("sink", sink.Name)))
        );
    }

    private void AddPlugins()
    {
        Counters(
            "flowpipe.plugin",
            "",
            "Counters of plugins' own",
            now =>
                now.Plugins.SelectMany(static plugin =>
                    plugin.Counters.Select(counter => new Measurement<long>(
                        counter.Value,
                        Tag("plugin", plugin.Name),
                        Tag("counter", counter.Key)
                    ))
                )
        );
        Counters(
            "flowpipe.plugin.errors",
            "{error}",
            "Exceptions out of parsers and plugins",
            now => now.Plugins.Select(static plugin => new Measurement<long>(plugin.Errors, Tag("plugin", plugin.Name)))
        );
    }

    private void AddFiles()
    {
        Counters(
            "flowpipe.writer.packets",
            "{packet}",
            "Packets of sessions by fate: in files, not kept as the disk was behind or refused, lost on their way to it",
            static now =>
                now.Writer is { } writer
                    ?
                    [
                        new Measurement<long>(writer.Packets, Tag("fate", "written")),
                        new Measurement<long>(writer.Unsaved, Tag("fate", "unsaved")),
                        new Measurement<long>(writer.Lost, Tag("fate", "lost")),
                    ]
                    : []
        );
        Counter("flowpipe.writer", "By", "Bytes that packets take on disk", static now => now.Writer?.DiskBytes ?? 0);
        Counters(
            "flowpipe.writer.files",
            "{file}",
            "Files of packets by what was done to them",
            static now =>
                now.Writer is { } writer
                    ?
                    [
                        new Measurement<long>(writer.FilesOpened, Tag("event", "opened")),
                        new Measurement<long>(writer.FilesClosed, Tag("event", "closed")),
                        new Measurement<long>(writer.FilesRemoved, Tag("event", "removed")),
                    ]
                    : []
        );
    }

    private void AddKafka()
    {
        Producers("flowpipe.kafka.queue", "{message}", "Messages in librdkafka's queue", static p => p.QueueMessages, isGauge: true);
        Producers("flowpipe.kafka.queue", "By", "Bytes in librdkafka's queue", static p => p.QueueBytes, isGauge: true);
        Producers("flowpipe.kafka.queue.limit", "By", "Bytes that it may have", static p => p.QueueBytesMax, isGauge: true);
        Producers("flowpipe.kafka.requests", "{request}", "Requests sent to brokers", static p => p.Requests);
        Producers("flowpipe.kafka.request", "By", "Bytes of requests", static p => p.RequestBytes);
        Producers("flowpipe.kafka.response", "By", "Bytes of responses", static p => p.ResponseBytes);
        Producers("flowpipe.kafka.messages", "{message}", "Messages sent", static p => p.Messages);
        Producers("flowpipe.kafka.message", "By", "Bytes of messages sent", static p => p.MessageBytes);
        Brokers("flowpipe.kafka.broker.up", "", "Whether the connection to a broker is up", static b => b.IsUp ? 1 : 0, isGauge: true);
        Brokers("flowpipe.kafka.broker.outgoing", "{request}", "Requests that wait to be sent", static b => b.Outgoing, isGauge: true);
        Brokers("flowpipe.kafka.broker.waiting", "{request}", "Requests without an answer yet", static b => b.Waiting, isGauge: true);
        Brokers("flowpipe.kafka.broker.rtt", "s", "Mean round trip", static b => b.RoundTripSeconds, isGauge: true);
        Brokers("flowpipe.kafka.broker.rtt_p99", "s", "99th percentile of it", static b => b.RoundTripP99Seconds, isGauge: true);
        Brokers("flowpipe.kafka.broker.errors", "{error}", "Requests that could not be sent", static b => b.Errors);
        Brokers("flowpipe.kafka.broker.retries", "{request}", "Requests sent again", static b => b.Retries);
        Brokers("flowpipe.kafka.broker.timeouts", "{request}", "Requests that got no answer in time", static b => b.TimeOuts);
        Brokers("flowpipe.kafka.broker.disconnects", "", "Connections lost", static b => b.Disconnects);
    }

    private void Counter(string name, string unit, string help, Func<RunSnapshot, long> value) =>
        Counters(name, unit, help, now => [new Measurement<long>(value(now))]);

    private void Counters(string name, string unit, string help, Func<RunSnapshot, IEnumerable<Measurement<long>>> values) =>
        _meter.CreateObservableCounter(name, () => values(Now()), unit, help);

    private void Gauges(string name, string unit, string help, Func<RunSnapshot, IEnumerable<Measurement<double>>> values) =>
        _meter.CreateObservableGauge(name, () => values(Now()), unit, help);

    private void Producers(string name, string unit, string help, Func<KafkaProducerFigures, double> value, bool isGauge = false) =>
        Add(name, unit, help, isGauge, all => all.Select(producer => new Measurement<double>(value(producer), Tag("sink", producer.Sink))));

    private void Brokers(string name, string unit, string help, Func<KafkaBrokerFigures, double> value, bool isGauge = false) =>
        Add(
            name,
            unit,
            help,
            isGauge,
            all =>
                all.SelectMany(producer =>
                    producer.Brokers.Select(broker => new Measurement<double>(
                        value(broker),
                        Tag("sink", producer.Sink),
                        Tag("broker", broker.Node)
                    ))
                )
        );

    private void Add(
        string name,
        string unit,
        string help,
        bool isGauge,
        Func<IReadOnlyList<KafkaProducerFigures>, IEnumerable<Measurement<double>>> values
    )
    {
        IEnumerable<Measurement<double>> Read()
        {
            Now();
            return values(_producers);
        }
        if (isGauge)
            _meter.CreateObservableGauge(name, Read, unit, help);
        else
            _meter.CreateObservableCounter(name, Read, unit, help);
    }

    /// <summary>One snapshot for all instruments of a scrape.</summary>
    private RunSnapshot Now()
    {
        const long freshMs = 100;
        lock (_gate)
        {
            if (Environment.TickCount64 - freshMs >= _takenMs)
            {
                _now = _snapshot();
                _producers = _kafka.Read();
                _takenMs = Environment.TickCount64;
            }
            return _now;
        }
    }

    private static IEnumerable<Measurement<long>> ByName(IReadOnlyDictionary<string, long> counts, string tag) =>
        counts.Select(count => new Measurement<long>(count.Value, Tag(tag, count.Key)));

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
