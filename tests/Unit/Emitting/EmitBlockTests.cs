using System.Threading.Tasks.Dataflow;
using CsCheck;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class EmitBlockTests
{
    [Fact]
    public void Every_sink_gets_every_record_in_order_and_every_batch_is_recycled_after_all_sinks()
    {
        Gen.Select(Gen.Int[1, 50].Array[0, 40], Gen.Int[1, 3], Gen.Int[1, 20])
            .Sample((sizes, sinkCount, capacity) => RunAsync(sizes, sinkCount, capacity).GetAwaiter().GetResult(), iter: 30);
    }

    [Fact]
    public async Task A_sink_that_throws_faults_the_block_and_the_others_are_still_flushed()
    {
        var good = new RecordingSink();
        var bad = new RecordingSink { FailAt = 2 };
        await using var emit = new EmitBlock([good, bad]);
        await emit.OpenAsync(TestContext.Current.CancellationToken);
        for (int i = 0; i < 3; i++)
        {
            await emit.Block.SendAsync(TestRecords.Batch(10 * i, 10), TestContext.Current.CancellationToken);
        }

        emit.Block.Complete();
        FlowPipeException e = await Assert.ThrowsAsync<FlowPipeException>(() => emit.Block.Completion);
        Assert.Equal("full", e.Message);
        await emit.FlushAsync(TestContext.Current.CancellationToken);
        Assert.True(good.Flushed);
        Assert.Equal(1, emit.Batches);
        Assert.Equal(10, emit.Records);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_milestone_is_reached_when_all_partitions_are_there_and_no_fate_is_open(bool abandoned)
    {
        var sink = new RecordingSink();
        sink.Counts.Accept(3);
        await using var emit = new EmitBlock([sink], partitions: 2);
        var milestone = new Milestone(9, endsSessions: false);
        milestone.Holds(7);
        milestone.Holds(8);
        await emit.Block.SendAsync(Mark(0), TestContext.Current.CancellationToken);
        await emit.Block.SendAsync(TestRecords.Batch(0, 10), TestContext.Current.CancellationToken);
        while (sink.Batches < 1)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        // What comes behind the last one waits, as nobody can know otherwise what is still open of what came before.
        await emit.Block.SendAsync(Mark(1), TestContext.Current.CancellationToken);
        await emit.Block.SendAsync(TestRecords.Batch(10, 10), TestContext.Current.CancellationToken);
        await Task.Delay(50, TestContext.Current.CancellationToken);
        Assert.False(milestone.Reached.IsCompleted);
        Assert.Equal(1, sink.Batches);
        if (abandoned)
            milestone.Abandon();
        else
            sink.Counts.Deliver(3, 0);
        emit.Block.Complete();
        await emit.Block.Completion;
        Assert.Equal(2, sink.Batches);
        Assert.Equal(abandoned ? Milestone.Unknown : 7, await milestone.Reached);

        SpiBatch Mark(int partition) => new(null) { Partition = partition, Milestone = milestone };
    }

    [Fact]
    public async Task Flush_reaches_all_sinks_and_reports_all_errors()
    {
        var first = new RecordingSink { FailFlush = "first" };
        var second = new RecordingSink { FailFlush = "second" };
        var third = new RecordingSink();
        await using var emit = new EmitBlock([first, second, third]);
        AggregateException e = await Assert.ThrowsAsync<AggregateException>(async () =>
            await emit.FlushAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal("first second", string.Join(' ', e.InnerExceptions.Select(inner => inner.Message)));
        Assert.True(third.Flushed);
    }

    [Fact]
    public async Task It_wants_what_any_sink_wants()
    {
        await using var none = new EmitBlock([new RecordingSink()]);
        Assert.False(none.WantsAvro || none.WantsJson);
        await using var both = new EmitBlock([new NullSink(), new NdjsonSink("unused")]);
        Assert.True(both.WantsAvro && both.WantsJson);
    }

    [Fact]
    public async Task Null_discards_and_counts()
    {
        await using var sink = new NullSink();
        await sink.WriteAsync(TestRecords.Batch(0, 7));
        Assert.Equal((7, 7, 0), (sink.Counts.Accepted, sink.Counts.Delivered, sink.Counts.Failed));
        Assert.Equal(Enumerable.Range(0, 7).Sum(i => TestRecords.AvroOf(i).Length), sink.Counts.Bytes);
    }

    private static async Task RunAsync(int[] sizes, int sinkCount, int capacity)
    {
        RecordingSink[] sinks = [.. Enumerable.Range(0, sinkCount).Select(_ => new RecordingSink { Yields = true })];
        await using var emit = new EmitBlock(sinks, capacity);
        await emit.OpenAsync(CancellationToken.None);
        int recycled = 0;
        int next = 0;
        foreach (int size in sizes)
        {
            SpiBatch batch = TestRecords.Batch(
                next,
                size,
                recycle: _ =>
                {
                    recycled++;
                    Assert.All(sinks, sink => Assert.Equal(recycled, sink.Batches));
                }
            );
            next += size;
            Assert.True(await emit.Block.SendAsync(batch));
        }

        emit.Block.Complete();
        await emit.Block.Completion;
        await emit.FlushAsync(CancellationToken.None);
        Assert.Equal(sizes.Length, recycled);
        Assert.Equal(sizes.Length, emit.Batches);
        Assert.Equal(next, emit.Records);
        Assert.All(sinks, sink => Assert.Equal(Enumerable.Range(0, next).Select(TestRecords.IdOf), sink.Ids));
    }

    private sealed class RecordingSink : ISpiSink
    {
        public List<Guid> Ids { get; } = [];
        public int Batches { get; private set; }
        public int FailAt { get; init; } = -1;
        public string? FailFlush { get; init; }
        public bool Yields { get; init; }
        public bool Flushed { get; private set; }
        public string Name => "recording:";
        public bool WantsAvro => false;
        public bool WantsJson => false;
        public SinkCounts Counts { get; } = new();

        public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

        public async ValueTask WriteAsync(SpiBatch batch)
        {
            if (++Batches == FailAt)
            {
                throw new FlowPipeException("full");
            }

            if (Yields)
            {
                await Task.Yield();
            }

            foreach (SpiRecord record in batch.Records.ToArray())
            {
                Ids.Add(record.Id);
            }
        }

        public ValueTask FlushAsync(CancellationToken deadline)
        {
            Flushed = true;
            return FailFlush is null ? ValueTask.CompletedTask : throw new FlowPipeException(FailFlush);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
