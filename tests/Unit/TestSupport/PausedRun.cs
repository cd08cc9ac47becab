using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>A run that stops after each part of its packets, when sessions have seen them, until it is told to go on.</summary>
internal sealed class PausedRun : IAsyncDisposable
{
    private readonly PausingReader _reader;
    private readonly SessionRun _run;
    private readonly Task _running;
    private readonly GatheringSink _sink = new();

    public PausedRun(
        IReadOnlyList<CapturedPacket> first,
        IReadOnlyList<CapturedPacket>? second = null,
        int partitions = 1,
        SessionSettings? sessions = null,
        IEnumerable<IFlowPipePlugin>? plugins = null,
        Action<string>? warn = null
    )
    {
        _reader = new PausingReader(second is null ? [first] : [first, second]);
        _run = new SessionRun(_reader, _sink, sessions, partitions: partitions, plugins: plugins, warn: warn);
        _running = _run.RunAsync();
    }

    /// <summary>To be used when the part before the pause has been seen.</summary>
    public SessionCommands Commands => _run.Topology.Commands;

    /// <summary>The open session of a key, once the part before the pause has been seen.</summary>
    public async Task<SessionInfo?> LookUpAsync(FlowKey key)
    {
        await _reader.SeenAsync();
        return await Commands.LookUpAsync(key);
    }

    /// <summary>What a plugin has counted, once the part before the pause has been seen.</summary>
    public async Task<PluginFigure?> PluginAsync(string name)
    {
        await _reader.SeenAsync();
        return _run.Plugin(name);
    }

    /// <summary>Lets the next part through, and returns when it has been seen.</summary>
    public async Task GoOnAsync()
    {
        await _reader.SeenAsync();
        _reader.GoOn();
        await _reader.SeenAsync();
    }

    /// <summary>The records, when all parts are through.</summary>
    public async Task<IReadOnlyList<GatheredRecord>> EndAsync()
    {
        _reader.GoOnToTheEnd();
        await _running;
        _run.AssertBalanced();
        return _sink.Records;
    }

    public async ValueTask DisposeAsync()
    {
        _reader.GoOnToTheEnd();
        await _running;
        _run.Dispose();
    }

    private sealed class PausingReader(IReadOnlyList<CapturedPacket>[] parts) : IPacketReader
    {
        private volatile TaskCompletionSource _goOn = NewSource();
        private volatile TaskCompletionSource _seen = NewSource();
        private volatile bool _toTheEnd;

        public ReaderCounts Counts { get; } = new();

        public Task SeenAsync() => _seen.Task.WaitAsync(SessionRun.Watchdog);

        public void GoOn()
        {
            _seen = NewSource();
            _goOn.TrySetResult();
        }

        public void GoOnToTheEnd()
        {
            _toTheEnd = true;
            _goOn.TrySetResult();
        }

        public async Task ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
        {
            foreach (IReadOnlyList<CapturedPacket> part in parts)
            {
                var inner = new MemoryReader(new MemorySource(part));
                await inner.ReadAsync(enqueue, stop);
                Counts.AddPackets(part.Count);
                // Sessions are done with a batch when its memory has come back.
                while (inner.Lent > 0)
                    await Task.Delay(1, CancellationToken.None);
                _seen.TrySetResult();
                if (_toTheEnd)
                    continue;
                await _goOn.Task;
                _goOn = NewSource();
            }
        }

        private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
