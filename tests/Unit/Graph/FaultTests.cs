using FlowPipe.Abstractions;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Graph;

/// <summary>A fault anywhere ends the run, whatever the other blocks are doing, and is reported once, with its cause and its block.</summary>
public sealed class FaultTests
{
    private const byte Experiment = 253; // RFC 3692: for experiments, so nobody else registers it

    /// <summary>One record a packet, so that queues of records are full.</summary>
    private static readonly SessionSettings RecordAPacket = new() { MaxPackets = 1, StopOnParserFault = true };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int, int> AnywhereAndPartitions =>
        new()
        {
            { 1, 1 },
            { 1, 8 },
            { 500, 3 },
            { 19_900, 1 },
            { 19_900, 4 },
        };

    [Theory]
    [MemberData(nameof(AnywhereAndPartitions))]
    public async Task OfTheReader(int after, int partitions)
    {
        var cause = new InvalidOperationException("the disk is gone");
        var reader = new MemoryReader(new MemorySource(PipelineTests.Packets(20_000, 50)))
        {
            BatchSizes = [100],
            FailAfter = (after, cause),
        };
        await AssertFaultAsync(reader, new GatheringSink { WantsAvro = false }, partitions, "reader", cause);
    }

    [Theory]
    [MemberData(nameof(AnywhereAndPartitions))]
    public async Task OfAnEnqueueCallback(int after, int partitions)
    {
        var cause = new InvalidOperationException("a bug in a layer");
        var plugin = new FaultyPlugin { InCallback = cause };
        await AssertFaultAsync(Reader(after), new GatheringSink { WantsAvro = false }, partitions, "enqueue", cause, plugin);
    }

    [Theory]
    [MemberData(nameof(AnywhereAndPartitions))]
    public async Task OfAProtocol(int after, int partitions)
    {
        var cause = new InvalidOperationException("a bug in a parser");
        var plugin = new FaultyPlugin { InProcess = cause };
        await AssertFaultAsync(Reader(after), new GatheringSink { WantsAvro = false }, partitions, "session", cause, plugin);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 8)]
    [InlineData(3, 2)]
    [InlineData(40, 4)]
    public async Task OfASink(int batch, int partitions)
    {
        var cause = new InvalidOperationException("a bug in a sink");
        await AssertFaultAsync(Reader(50_000), SinkThatFails(batch, cause), partitions, "emit", cause);
    }

    /// <summary>The sink is slow first, so that everything before it is full and every block waits for the next when it fails.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task OfASinkBehindFullQueues(int partitions)
    {
        var cause = new FlowPipeException("no space left: make some");
        MemoryReader reader = Reader(200_000);
        var sink = new GatheringSink { WantsAvro = false, Before = (_, _) => FailWhenStuckAsync(reader, cause) };
        using var run = new SessionRun(reader, sink, RecordAPacket, partitions: partitions);
        // What the user can mend is shown as it is.
        Assert.Same(cause, await Assert.ThrowsAsync<FlowPipeException>(() => run.RunAsync(Stop)));
    }

    /// <summary>Dataflow swallows this exception and goes on without the message (STYLE section 3, row 4); a time-out of HttpClient is one.</summary>
    [Theory]
    [InlineData("callback", "enqueue")]
    [InlineData("process", "session")]
    [InlineData("sink", "emit")]
    [InlineData("reader", "reader")]
    public async Task OfACancellationThatNobodyAskedFor(string where, string block)
    {
        var cause = new TaskCanceledException("timed out");
        MemoryReader reader =
            where == "reader"
                ? new MemoryReader(new MemorySource(PipelineTests.Packets(1000, 5))) { FailAfter = (500, cause) }
                : Reader(5_000);
        var plugin = new FaultyPlugin { InCallback = where == "callback" ? cause : null, InProcess = where == "process" ? cause : null };
        GatheringSink sink = where == "sink" ? SinkThatFails(1, cause) : new GatheringSink { WantsAvro = false };
        await AssertFaultAsync(reader, sink, 2, block, cause, plugin);
    }

    [Fact]
    public async Task OfASinkThatCannotBeOpened()
    {
        var cause = new FlowPipeException("no such topic: create it");
        await using var emit = new EmitBlock([new GatheringSink { OpenFault = cause }]);
        Assert.Same(cause, await Assert.ThrowsAsync<FlowPipeException>(() => emit.OpenAsync(Stop).AsTask()));
    }

    [Fact]
    public async Task TwoFaultsAreOneReport()
    {
        var cause = new InvalidOperationException("everywhere");
        var reader = new MemoryReader(new MemorySource(Frames(20_000))) { BatchSizes = [100], FailAfter = (20_000, cause) };
        var plugin = new FaultyPlugin { InProcess = cause };
        using var run = new SessionRun(reader, SinkThatFails(0, cause), RecordAPacket, partitions: 8, plugins: [plugin]);
        BlockFaultException fault = await Assert.ThrowsAsync<BlockFaultException>(() => run.RunAsync(Stop));
        Assert.Same(cause, fault.InnerException);
    }

    [Fact]
    public async Task AbortEndsARunWhoseSinkIsStuck()
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stuck = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sink = new GatheringSink
        {
            WantsAvro = false,
            Before = (_, _) =>
            {
                stuck.TrySetResult();
                return never.Task;
            },
        };
        using var run = new SessionRun(Reader(200_000), sink, RecordAPacket, partitions: 3);
        Task running = run.RunAsync(Stop);
        await stuck.Task.WaitAsync(SessionRun.Watchdog, Stop);
        run.Topology.Abort();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        never.SetResult();
    }

    [Fact]
    public async Task AbortEndsARunWhoseReaderIsStuck()
    {
        using var run = new SessionRun(new StuckReader(), new GatheringSink(), partitions: 2);
        Task running = run.RunAsync(Stop);
        run.Topology.Abort();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task AMessageForNoPartitionIsAFault()
    {
        using var graph = new BlockGraph();
        var head = graph.Add(
            "head",
            new System.Threading.Tasks.Dataflow.TransformManyBlock<int, int>(message => [message], BlockOptions.Bounded(16))
        );
        var target = graph.Add("target", new System.Threading.Tasks.Dataflow.ActionBlock<int>(_ => { }, BlockOptions.Bounded(16)));
        graph.Partition(head, [target], message => message);
        BlockFaultException fault = await Assert.ThrowsAsync<BlockFaultException>(() =>
            graph
                .RunAsync(
                    async _ =>
                    {
                        foreach (int message in (int[])[0, 0, 7, 0])
                            await System.Threading.Tasks.Dataflow.DataflowBlock.SendAsync(head, message);
                    },
                    head,
                    Stop
                )
                .WaitAsync(SessionRun.Watchdog, Stop)
        );
        Assert.Equal("stray", fault.Block);
        Assert.Contains("7", fault.Message, StringComparison.Ordinal);
    }

    private static async Task AssertFaultAsync(
        MemoryReader reader,
        GatheringSink sink,
        int partitions,
        string block,
        Exception cause,
        FaultyPlugin? plugin = null
    )
    {
        using var run = new SessionRun(reader, sink, RecordAPacket, partitions: partitions, plugins: plugin is null ? [] : [plugin]);
        BlockFaultException fault = await Assert.ThrowsAsync<BlockFaultException>(() => run.RunAsync(Stop));
        Assert.StartsWith(block, fault.Block, StringComparison.Ordinal);
        Assert.Same(cause, fault.InnerException);
        Assert.Equal($"{fault.Block}: {cause.Message}", fault.Message);
    }

    /// <summary>Packets of which that one, and every hundredth after it, is of the protocol for experiments.</summary>
    private static MemoryReader Reader(int after) => new(new MemorySource(Frames(after))) { BatchSizes = [100, 3, 57] };

    private static CapturedPacket[] Frames(int after)
    {
        CapturedPacket[] packets = PipelineTests.Packets(Math.Max(20_000, after), 50);
        byte[] frame = PacketBuilder.EthernetIp(Experiment, "10.0.0.1", "10.0.0.2", new byte[20]);
        for (int i = after - 1; i < packets.Length; i += 100)
            packets[i] = new CapturedPacket(packets[i].TimestampNs, frame);
        return packets;
    }

    private static GatheringSink SinkThatFails(int at, Exception cause) =>
        new() { WantsAvro = false, Before = (batch, _) => batch == at ? Task.FromException(cause) : Task.CompletedTask };

    /// <summary>Waits until the reader gets no further, which is when every queue is full.</summary>
    private static async Task FailWhenStuckAsync(MemoryReader reader, Exception cause)
    {
        long read;
        do
        {
            read = reader.Counts.Packets;
            await Task.Delay(200, Stop);
        } while (read != reader.Counts.Packets);
        throw cause;
    }

    private sealed class FaultyPlugin : IFlowPipePlugin
    {
        public Exception? InCallback { get; init; }

        public Exception? InProcess { get; init; }

        public string Name => "faulty";

        public void Register(IRegistrar registrar)
        {
            byte number = registrar.Register(new FaultyProtocol(InProcess));
            registrar.Ip(
                Experiment,
                (EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int _) =>
                    InCallback is null ? context.ToSession(number, ref packet, frame) : throw InCallback
            );
        }
    }

    private sealed class FaultyProtocol(Exception? fault) : IpMProtocol("faulty", SessionType.Other, "faulty", hasPorts: false)
    {
        public override void Process(Session session, in PacketView packet)
        {
            if (fault is not null)
                throw fault;
        }
    }

    private sealed class StuckReader : Core.Reading.IPacketReader
    {
        public Core.Reading.ReaderCounts Counts { get; } = new();

        public Task ReadAsync(System.Threading.Tasks.Dataflow.ITargetBlock<Core.Messages.PacketBatch> enqueue, CancellationToken stop) =>
            new TaskCompletionSource().Task;
    }
}
