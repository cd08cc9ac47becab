using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading.Monitoring;
using FlowPipe.Core.Reading.Pacing;

namespace FlowPipe.Core.Reading;

/// <summary>
/// Reads capture files, one after the other, and the standard input. A block is filled, its packets are found and handed on in batches that borrow
/// it, and what a block's end has cut is carried to the start of the next. Blocks and batches are credits: when all are lent, reading waits.
/// </summary>
public sealed class FilePacketReader : IPacketReader, IDisposable
{
    private readonly FileReaderSettings _settings;
    private readonly List<CaptureFile> _files;
    private readonly PacketFilter? _filter;
    private readonly CreditPool<BufferBlock> _blocks;
    private readonly CreditPool<PacketBatch> _batches;
    private readonly Lock _sourcesGate = new();
    private readonly List<PacketSource> _sources = [];
    private readonly List<SourceSummary> _summaries = [];
    private readonly MonitoredReading? _monitored;
    private int _sourceCount;

    /// <summary>Finds the files and checks what can be checked before anything is read.</summary>
    /// <exception cref="FlowPipeException">An input or the filter is wrong.</exception>
    public FilePacketReader(FileReaderSettings settings)
    {
        // a record is scanned only when all of it is in one block, and the rest of it needs a second to be carried to
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Blocks, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.Batches, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.BatchPackets, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(settings.BlockBytes, 256);
        _settings = settings = settings.Speed.IsMax ? settings : settings with { BatchPackets = Pacer.BatchPackets };
        _monitored = settings.Monitor.Enabled ? new MonitoredReading(settings, Damaged) : null;
        _files = _monitored is null ? CaptureInputs.Resolve(settings, Damaged) : [];
        _filter = string.IsNullOrWhiteSpace(settings.Bpf) ? null : new PacketFilter(settings.Bpf);
        _blocks = new CreditPool<BufferBlock>(settings.Blocks, () => new BufferBlock(settings.BlockBytes, _blocks!.Return));
        _batches = new CreditPool<PacketBatch>(settings.Batches, () => new PacketBatch(settings.BatchPackets, _batches!.Return));
    }

    public ReaderCounts Counts { get; } = new();

    /// <summary>Files and streams that the inputs came to.</summary>
    public int FileCount => _files.Count;

    /// <summary>The sources begun so far, by number; none where folders are monitored, as there is no end of them. May be called from any thread.</summary>
    public IReadOnlyList<PacketSource> Sources
    {
        get
        {
            lock (_sourcesGate)
                return [.. _sources];
        }
    }

    /// <summary>What was read of each input, once reading has ended; empty unless <see cref="FileReaderSettings.HashSources"/>.</summary>
    public IReadOnlyList<SourceSummary> Summaries => _summaries;

    public async Task ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
    {
        // a graph that has faulted returns no credits, so its end must wake who waits for them
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using CancellationTokenRegistration close = over.Token.Register(() =>
        {
            _blocks.Close();
            _batches.Close();
        });
        using CancellationTokenSource watch = new();
        Task watching = CancelWhenOverAsync(enqueue, over, watch.Token);
        Pacer? pacer = _settings.Speed.IsMax ? null : new Pacer(_settings.Speed, enqueue, over.Token);
        ITargetBlock<PacketBatch> next = pacer?.Block ?? enqueue;
        try
        {
            foreach (CaptureFile file in _files)
            {
                if (over.IsCancellationRequested)
                    break;
                if (!(await ReadAsync(file, null, next, over.Token).ConfigureAwait(false)).GoesOn)
                    break;
            }
            if (_monitored is not null)
                await _monitored.RunAsync(next, (file, from) => ReadAsync(file, from, next, over.Token), over.Token).ConfigureAwait(false);
        }
        finally
        {
            if (pacer is not null)
                await pacer.EndAsync().ConfigureAwait(false);
            await watch.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    /// <summary>All records of what was read have met their fate: folders that are monitored need not be read again.</summary>
    public void Delivered() => _monitored?.Delivered();

    public void Dispose()
    {
        _filter?.Dispose();
        _monitored?.Dispose();
    }

    private async Task<ReadResult> ReadAsync(
        CaptureFile file,
        Func<string, long>? wantedFrom,
        ITargetBlock<PacketBatch> next,
        CancellationToken over
    )
    {
        long packets = Counts.Packets;
        using CaptureReading reading = new(file, _settings, _filter, _blocks, _batches, Counts, NewSource, Damaged)
        {
            WantedFrom = wantedFrom,
        };
        // the first reads block their thread, which must not be the caller's
        bool goesOn = await Task.Run(() => reading.ReadAsync(next, over), CancellationToken.None).ConfigureAwait(false);
        if (reading.Summarise() is { } summary)
            _summaries.Add(summary);
        return new ReadResult(goesOn, reading.Fingerprint, reading.ReadUpTo, Counts.Packets - packets, _sourceCount);
    }

    private static async Task CancelWhenOverAsync(ITargetBlock<PacketBatch> enqueue, CancellationTokenSource over, CancellationToken done)
    {
        Task completion = enqueue.Completion;
        if (await Task.WhenAny(completion, Task.Delay(Timeout.Infinite, done)).ConfigureAwait(false) == completion)
            await over.CancelAsync().ConfigureAwait(false);
    }

    private PacketSource NewSource(string fingerprint, string uri)
    {
        lock (_sourcesGate)
        {
            PacketSource source = new(_sourceCount++, fingerprint, uri);
            if (_monitored is null)
                _sources.Add(source);
            return source;
        }
    }

    private void Damaged(string message)
    {
        Counts.AddDamaged();
        _settings.OnDamage?.Invoke(message);
    }
}
