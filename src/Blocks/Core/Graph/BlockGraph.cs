using System.Threading.Tasks.Dataflow;

namespace FlowPipe.Core.Graph;

/// <summary>
/// The one place where blocks are linked. Completion flows down: a block completes when all its sources have. A fault anywhere reaches every
/// block and the reader, and <see cref="RunAsync"/> reports it once. Why not Dataflow's own links: STYLE.md section 3.
/// </summary>
public sealed class BlockGraph : IDisposable
{
    private readonly List<(string Name, IDataflowBlock Block)> _blocks = [];
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
        try
        {
            // Every block ends once one has faulted. A reader that is stuck in a system call is not waited for.
            await Task.WhenAll(completions).ConfigureAwait(false);
        }
        catch (Exception) when (_fault is not null)
        {
            throw _fault;
        }
        if (_fault is not null)
            throw _fault;
    }

    /// <summary>Ends the run at once: every block drops what it holds.</summary>
    public void Abort() => FaultAll("run", new OperationCanceledException("aborted"));

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
        while (cause is AggregateException { InnerException: { } inner })
            cause = inner;
        if (Interlocked.CompareExchange(ref _fault, FaultOf(name, cause), null) is not null)
            return; // the others fault because of the first
        foreach ((_, IDataflowBlock block) in _blocks)
            block.Fault(_fault);
        _stopReading.Cancel();
    }

    // What a user can mend, and an abort, are shown as they are.
    private static Exception FaultOf(string name, Exception cause) =>
        cause is FlowPipeException or OperationCanceledException or BlockFaultException ? cause : new BlockFaultException(name, cause);

    private static async Task CompleteAfterAsync(IDataflowBlock target, List<IDataflowBlock> sources)
    {
        var completions = new Task[sources.Count];
        for (int i = 0; i < sources.Count; i++)
            completions[i] = sources[i].Completion;
        try
        {
            await Task.WhenAll(completions).ConfigureAwait(false);
            target.Complete();
        }
        catch (Exception e)
        {
            target.Fault(e);
        }
    }

    private List<IDataflowBlock> SourcesOf(IDataflowBlock target)
    {
        if (!_sourcesOf.TryGetValue(target, out List<IDataflowBlock>? sources))
            _sourcesOf[target] = sources = [];
        return sources;
    }
}
