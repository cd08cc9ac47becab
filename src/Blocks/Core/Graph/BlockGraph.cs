using System.Threading.Tasks.Dataflow;

namespace FlowPipe.Core.Graph;

/// <summary>
/// The one place where blocks are linked. Completion flows down: a block completes when all its sources have. A fault anywhere reaches every
/// block and the reader, and <see cref="RunAsync"/> reports it once. Why not Dataflow's own links: STYLE.md section 3.
/// </summary>
public sealed class BlockGraph : IDisposable
{
    // What a fault leaves a block to end by itself. It may be stuck in somebody else's call, and such a one is not waited for.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(500);
    private readonly List<(string Name, IDataflowBlock Block)> _blocks = [];
    private readonly List<IDataflowBlock> _outputs = [];
    private readonly TaskCompletionSource _faulted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<IDataflowBlock, List<IDataflowBlock>> _sourcesOf = [];
    private readonly CancellationTokenSource _stopReading = new();
    private Exception? _fault;

    /// <summary>Adds a block, so that its fault is seen and its end awaited.</summary>
    public T Add<T>(string name, T block)
        where T : IDataflowBlock
    {
        _blocks.Add((name, block));
        return block;
    }

    /// <summary>Every message of the source goes to the target.</summary>
    /// <param name="source">Where messages come from.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="owner">The block whose completion ends the source, when the source is one of several outputs of a block.</param>
    public void Link<T>(ISourceBlock<T> source, ITargetBlock<T> target, IDataflowBlock? owner = null)
    {
#pragma warning disable RS0030 // the one place where blocks are linked
        source.LinkTo(target);
#pragma warning restore RS0030
        SourcesOf(target).Add(owner ?? source);
        _outputs.Add(source);
    }

    /// <summary>Each message of the source goes to the one target that it names.</summary>
    public void Partition<T>(ISourceBlock<T> source, IReadOnlyList<ITargetBlock<T>> targets, Func<T, int> partitionOf)
    {
#pragma warning disable RS0030
        for (int i = 0; i < targets.Count; i++)
        {
            int partition = i;
            source.LinkTo(targets[i], message => partitionOf(message) == partition);
            SourcesOf(targets[i]).Add(source);
        }
        // A message that nobody takes would wedge the source for good, so it must fault. The link is filtered, because an open one takes
        // messages away from a partition that is merely full.
        var stray = Add(
            "stray",
            new ActionBlock<T>(
                static message => throw new InvalidOperationException($"no partition takes {message}"),
                BlockOptions.Bounded(1)
            )
        );
        source.LinkTo(stray, message => (uint)partitionOf(message) >= (uint)targets.Count);
#pragma warning restore RS0030
        SourcesOf(stray).Add(source);
    }

    /// <summary>Runs until every block has completed.</summary>
    /// <param name="read">Feeds the head, and returns when there is no more or when told to stop.</param>
    /// <param name="head">The first block; completed when reading has ended.</param>
    /// <param name="stop">Stop reading, then drain.</param>
    /// <exception cref="BlockFaultException">A block or the reader failed; names it and holds the cause.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> read, IDataflowBlock head, CancellationToken stop)
    {
        foreach ((IDataflowBlock target, List<IDataflowBlock> sources) in _sourcesOf)
            _ = CompleteAfterAsync(target, sources);

        var completions = new Task[_blocks.Count];
        for (int i = 0; i < _blocks.Count; i++)
        {
            (string name, IDataflowBlock block) = _blocks[i];
            completions[i] = block.Completion;
            _ = WatchAsync(name, block);
        }

        using CancellationTokenRegistration registration = stop.Register(_stopReading.Cancel);
        _ = ReadAsync(read, head);
        // A reader that is stuck in a system call is not waited for, and a block that is, not for long.
        Task ended = Task.WhenAll(completions);
        if (await Task.WhenAny(ended, _faulted.Task).ConfigureAwait(false) != ended)
            await Task.WhenAny(ended, Task.Delay(Grace, CancellationToken.None)).ConfigureAwait(false);
        if (_fault is not null)
        {
            _ = ended.ContinueWith(static task => task.Exception, TaskContinuationOptions.OnlyOnFaulted);
            throw _fault;
        }
        await ended.ConfigureAwait(false);
    }

    /// <summary>Ends the run at once: every block drops what it holds.</summary>
    public void Abort() => FaultAll(new OperationCanceledException("aborted"));

    /// <inheritdoc/>
    public void Dispose() => _stopReading.Dispose();

    private async Task ReadAsync(Func<CancellationToken, Task> read, IDataflowBlock head)
    {
        try
        {
            await Task.Run(() => read(_stopReading.Token)).ConfigureAwait(false);
            head.Complete();
        }
        catch (OperationCanceledException) when (_stopReading.IsCancellationRequested)
        {
            head.Complete();
        }
        catch (Exception e)
        {
            FaultAll("reader", e);
        }
    }

    private async Task WatchAsync(string name, IDataflowBlock block)
    {
        try
        {
            await block.Completion.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            FaultAll(name, e);
        }
    }

    private void FaultAll(string name, Exception cause)
    {
        while (cause is AggregateException or MessageDroppedException && cause.InnerException is { } inner)
            cause = inner;
        // What a user can mend is shown as it is.
        FaultAll(cause is FlowPipeException or BlockFaultException ? cause : new BlockFaultException(name, cause));
    }

    private void FaultAll(Exception fault)
    {
        if (Interlocked.CompareExchange(ref _fault, fault, null) is not null)
            return; // the others fault because of the first
        foreach ((_, IDataflowBlock block) in _blocks)
            block.Fault(fault);
        // A block that waits for room in its output would wait for ever: nobody takes from there any more.
        foreach (IDataflowBlock output in _outputs)
            output.Fault(fault);
        _faulted.TrySetResult();
        _stopReading.Cancel();
    }

    private static async Task CompleteAfterAsync(IDataflowBlock target, List<IDataflowBlock> sources)
    {
        var completions = new Task[sources.Count];
        for (int i = 0; i < sources.Count; i++)
            completions[i] = sources[i].Completion;
        // A source's fault reaches the target by FaultAll, under the source's name; from here it would be taken for the target's own.
        Task all = Task.WhenAll(completions);
        await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (all.IsCompletedSuccessfully)
            target.Complete();
    }

    private List<IDataflowBlock> SourcesOf(IDataflowBlock target)
    {
        if (!_sourcesOf.TryGetValue(target, out List<IDataflowBlock>? sources))
            _sourcesOf[target] = sources = [];
        return sources;
    }
}
