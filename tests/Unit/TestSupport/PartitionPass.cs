using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Parsers;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>
/// A small capture, held in memory, through decoding, one partition with all parsers, and encoding to Avro, again and again on the caller's thread:
/// so that what is allocated is the sessions' and the records', and the same each time.
/// </summary>
internal sealed class PartitionPass : IDisposable
{
    private const long LongerThanTimeoutsNs = 1_000_000_000_000;
    private const int ArrayHeader = 24;
    private const long LongerThanPassNs = 3_600_000_000_000;

    private readonly FilePacketReader _reader;
    private readonly List<PacketBatch> _batches = [];
    private readonly SpiOutbox _outbox = new(0);
    private readonly PacketDecoder _decoder;
    private readonly Partition _partition;
    private readonly PacketClock _clock = new();
    private long _ordinal;
    private long _shiftNs;
    private long _keyBytes;

    public PartitionPass(string capture, params (string Name, string Value)[] settings)
        : this(capture, [], stop: true, settings) { }

    /// <param name="capture">The capture.</param>
    /// <param name="more">Plugins besides the built-in parsers.</param>
    /// <param name="stop">Whether exceptions out of plugins are let through, which leaves out what stands around them else.</param>
    /// <param name="settings">Settings of parsers and plugins.</param>
    public PartitionPass(string capture, IFlowPipePlugin[] more, bool stop, params (string Name, string Value)[] settings)
    {
        IFlowPipePlugin[] plugins =
        [
            .. typeof(HttpPlugin)
                .Assembly.GetExportedTypes()
                .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IFlowPipePlugin)))
                .Select(type => (IFlowPipePlugin)Activator.CreateInstance(type)!),
            .. more,
        ];
        var sessions = new SessionSettings
        {
            StopOnParserFault = stop,
            Parsers = settings.ToDictionary(setting => setting.Name, setting => setting.Value, StringComparer.Ordinal),
        };
        var stage = new SessionStage(plugins, sessions, new RecordSettings(), new RecordForms(Avro: true, Json: false), partitions: 1);
        _decoder = stage.Decoder;
        _partition = new Partition(stage.Setup, _outbox);
        _reader = new FilePacketReader(new FileReaderSettings { Inputs = [new CaptureInput(capture)] });
        var keep = new ActionBlock<PacketBatch>(_batches.Add, new ExecutionDataflowBlockOptions { BoundedCapacity = 1 });
        _reader.ReadAsync(keep, CancellationToken.None).GetAwaiter().GetResult();
        keep.Complete();
        keep.Completion.GetAwaiter().GetResult();
    }

    public long Sessions => _partition.Counts().Created;

    public long Records => _partition.Counts().Records;

    /// <summary>From the first packet to the last record. Each pass is later than the one before it, and its sessions end by timeout.</summary>
    public void Run()
    {
        foreach (PacketBatch batch in _batches)
        {
            batch.Share(1);
            Decode(batch);
            var slice = (PartitionSlice)batch.Slices[0];
            int next = 0;
            while ((next = _partition.Process(slice, next)) < slice.Records.Length)
                Send();
            batch.Owned.Clear();
        }
        while (!_partition.RunTimeouts(_clock.Now + LongerThanTimeoutsNs, exact: true))
            Send();
        Send();
        _shiftNs += LongerThanPassNs;
    }

    /// <summary>
    /// What a pass allocates on this thread once all pools have grown: the least of several, as a collection that others cause may trim pools.
    /// </summary>
    public Allocation Measure(int warm = 3, int passes = 5)
    {
        for (int i = 0; i < warm; i++)
            Run();
        var least = new Allocation(long.MaxValue, 0, 1, 1);
        for (int i = 0; i < passes; i++)
        {
            (long sessions, long records, long keyBytes) = (Sessions, Records, _keyBytes);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run();
            long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            if (bytes < least.Bytes)
                least = new Allocation(bytes, _keyBytes - keyBytes, Sessions - sessions, Records - records);
        }
        return least;
    }

    public void Dispose() => _reader.Dispose();

    private void Decode(PacketBatch batch)
    {
        _decoder.Batch = batch;
        int taken = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            PacketRecord record = batch.Records[i];
            record.TimestampNs += _shiftNs;
            record.ClockNs = _clock.Advance(record.TimestampNs);
            record.Ordinal = _ordinal++;
            PacketRc verdict = _decoder.Decode(ref record, batch.Frame(in record));
            if (verdict == PacketRc.DoProcess)
                batch.Sorted[taken++] = record;
        }
        batch.SliceStart[0] = 0;
        batch.SliceStart[1] = taken;
    }

    private void Send()
    {
        if (_outbox.Take() is not { } batch)
            return;
        foreach (SpiRecord record in batch.Records)
            _keyBytes += ArrayHeader + ((record.Key.Length + 7) & ~7);
        batch.Recycle();
    }
}

/// <summary>What was allocated, and for how much.</summary>
/// <param name="Bytes">All of it.</param>
/// <param name="KeyBytes">Of that, what the records' keys take.</param>
/// <param name="Sessions">Sessions made.</param>
/// <param name="Records">Records made.</param>
internal readonly record struct Allocation(long Bytes, long KeyBytes, long Sessions, long Records)
{
    public double PerSession => (double)Bytes / Sessions;

    public double PerRecord => (double)Bytes / Records;
}
