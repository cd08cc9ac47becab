using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Graph;
using ZstdSharp;

namespace FlowPipe.Core.Writing;

/// <summary>
/// Writes the buffers of all partitions, one after the other, and says how far it is. A disk that refuses is waited for in a replay; in a capture the
/// packets on their way to it are lost, and no more are kept until it takes them again.
/// </summary>
public sealed class WriteBlock : IDisposable
{
    private readonly WriterSettings _settings;
    private readonly PcapFolders _folders;
    private readonly PcapBufferPool[] _pools;
    private readonly Dictionary<PcapFile, PcapOutput> _open = [];
    private readonly CancellationTokenSource _over;
    private readonly IPcapFileEvents? _events;
    private readonly FreeSpace _space;
    private readonly Compressor? _zstd;
    private readonly Timer? _probing;
    private readonly PcapBuffer _look = new(partition: -1, size: 0);
    private int _probes;

    /// <param name="settings">What is written, and where.</param>
    /// <param name="partitions">Whose buffers come.</param>
    /// <param name="events">Who is told of files; may be null.</param>
    /// <param name="abort">Gives up, also waiting for a disk.</param>
    /// <exception cref="FlowPipeException">A folder is not there and can't be made, or can't be written to.</exception>
    public WriteBlock(WriterSettings settings, int partitions, IPcapFileEvents? events, CancellationToken abort)
    {
        _settings = settings;
        _events = events;
        _folders = new PcapFolders(settings);
        _pools = new PcapBufferPool[partitions];
        for (int partition = 0; partition < partitions; partition++)
            _pools[partition] = new PcapBufferPool(partition, settings.PcapWriteSize);
        _over = CancellationTokenSource.CreateLinkedTokenSource(abort);
        Marks = new WrittenMarks(partitions, _over.Token);
        _space = new FreeSpace(_folders, settings, Counts, events);
        if (settings.SimpleCompression == WriterSettings.Zstd)
        {
            _zstd = new Compressor(settings.SimpleZstdLevel);
            _zstd.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        }
        CheckFolders();
        // In a capture a partition never waits here: it looks first how many buffers do.
        Capacity = settings.IsLive ? partitions * (settings.MaxWriteBuffers + BlockOptions.MinimumCapacity) : BlockOptions.MinimumCapacity;
        Block = new ActionBlock<PcapBuffer>(WriteAsync, BlockOptions.Bounded(Capacity));
        _ = EndAsync();
        if (settings.IsLive)
            _probing = new Timer(_ => Probe(), null, settings.ProbeEvery, settings.ProbeEvery);
    }

    /// <summary>The block, to be linked by the graph. Once it has completed, <see cref="CloseAsync()"/> ends the files.</summary>
    public ActionBlock<PcapBuffer> Block { get; }

    /// <summary>How far it is.</summary>
    public WrittenMarks Marks { get; }

    /// <summary>What it has done so far.</summary>
    public WriterCounts Counts { get; } = new();

    /// <summary>Buffers that may wait.</summary>
    public int Capacity { get; }

    /// <summary>Buffers that the partitions fill, or that wait: none at the end.</summary>
    internal int LentBuffers
    {
        get
        {
            int lent = 0;
            foreach (PcapBufferPool pool in _pools)
                lent += pool.Lent;
            return lent;
        }
    }

    /// <summary>Buffers that wait.</summary>
    public int QueueDepth => Block.InputCount;

    /// <inheritdoc/>
    public void Dispose()
    {
        _probing?.Dispose();
        foreach (PcapOutput output in _open.Values)
            output.Dispose();
        _zstd?.Dispose();
        _over.Dispose();
    }

    internal PcapAppender CreateAppender(int partition) => new(_folders, _pools[partition], _settings);

    /// <summary>Ends the files, after the block has completed.</summary>
    public async Task CloseAsync()
    {
        if (_probing is not null)
            await _probing.DisposeAsync().ConfigureAwait(false);
        foreach (PcapOutput output in new List<PcapOutput>(_open.Values))
            await CloseAsync(output).ConfigureAwait(false);
    }

    private async Task WriteAsync(PcapBuffer buffer)
    {
        if (buffer == _look)
        {
            _space.Keep(IsOpen, now: true);
            return;
        }
        PcapFile file = buffer.File;
        try
        {
            bool written = !file.IsLost && await TryAsync(file, () => Write(buffer), _settings.Before).ConfigureAwait(false);
            if (!written)
            {
                Counts.AddLost(buffer.Packets);
                if (buffer.Packets > 0)
                    Marks.Lose(buffer.Partition, buffer.Generation);
                Abandon(file);
            }
            else if (buffer.EndsFile)
            {
                await CloseAsync(_open[file]).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException e)
        {
            throw new MessageDroppedException(e);
        }
        if (buffer.EndsGeneration)
            Marks.Advance(buffer.Partition, buffer.Generation);
        _pools[buffer.Partition].Return(buffer);
        Counts.AddBuffer();
        _space.Keep(IsOpen);
    }

    private void Write(PcapBuffer buffer)
    {
        if (!_open.TryGetValue(buffer.File, out PcapOutput? output))
            _open.Add(buffer.File, output = new PcapOutput(buffer.File, _zstd));
        bool isNew = output.Length == 0;
        long before = output.Length;
        output.Write(buffer);
        Counts.AddWritten(buffer.Packets, buffer.Length, output.Length - before);
        if (!isNew)
            return;
        Counts.AddOpened();
        _events?.Opened(buffer.File, SizeOf(output));
    }

    private async Task CloseAsync(PcapOutput output)
    {
        long before = output.Length;
        if (!await TryAsync(output.File, output.Close).ConfigureAwait(false))
        {
            Abandon(output.File);
            return;
        }
        Counts.AddWritten(0, 0, output.Length - before);
        _open.Remove(output.File);
        Counts.AddClosed();
        _events?.Closed(output.File, SizeOf(output));
    }

    private void Abandon(PcapFile file)
    {
        file.Lose();
        if (!_open.Remove(file, out PcapOutput? output))
            return;
        output.Abandon();
        if (output.Length == 0)
            return; // it was never there
        Counts.AddClosed();
        _events?.Closed(file, SizeOf(output));
    }

    /// <summary>Does something to a file; in a replay until the disk lets it.</summary>
    private async Task<bool> TryAsync(PcapFile file, Action action, Func<PcapFile, Task>? before = null)
    {
        while (true)
        {
            try
            {
                if (before is not null)
                    await before(file).ConfigureAwait(false);
                action();
                if (_folders.Note(file.Directory, failing: false))
                    _settings.Warn($"{_folders[file.Directory]}: packets are written there again");
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                bool isNews = _folders.Note(file.Directory, failing: true);
                if (_settings.IsLive)
                {
                    if (isNews)
                        _settings.Warn(
                            $"{file.FullName}: {e.Message.TrimEnd('.')}: no packets are kept there until the disk takes them again"
                        );
                    return false;
                }
                if (isNews)
                    _settings.Warn($"{file.FullName}: {e.Message.TrimEnd('.')}: waiting for the disk, mend it or stop the run");
            }
            _space.Keep(IsOpen, now: true);
            await Task.Delay(_settings.RetryAfter, _over.Token).ConfigureAwait(false);
        }
    }

    private static PcapFileSize SizeOf(PcapOutput output) =>
        new(output.Packets, output.Decompressed, output.Length, output.FirstNs, output.LastNs, output.File.IsLost);

    private bool IsOpen(string fullName)
    {
        foreach (PcapFile file in _open.Keys)
        {
            if (file.FullName == fullName)
                return true;
        }
        return false;
    }

    private void CheckFolders()
    {
        for (int folder = 0; folder < _folders.Count; folder++)
        {
            try
            {
                TryOut(folder, bytes: 0);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                string help =
                    e is UnauthorizedAccessException
                        ? $" The run is user '{Environment.UserName}' when it writes: make the folder beforehand and give it to that user (chown)."
                        : "";
                throw new FlowPipeException($"writer.pcapDir: packets can't be written to {_folders[folder]}: {e.Message}{help}", e);
            }
        }
    }

    /// <summary>Makes a folder where it is missing, and sees whether it takes a file of so many bytes.</summary>
    private void TryOut(int folder, int bytes)
    {
        string probe = Path.Combine(_folders[folder], $".{_folders.Prefix}probe-{Environment.ProcessId}");
        Directory.CreateDirectory(_folders[folder]);
        try
        {
            File.WriteAllBytes(probe, new byte[bytes]);
        }
        finally
        {
            File.Delete(probe);
        }
    }

    /// <summary>Looks whether a disk that refused has room for a buffer again.</summary>
    private void Probe()
    {
        if (Interlocked.Exchange(ref _probes, 1) == 1)
            return; // the one before has not come back from the disk
        // No buffers come while nothing is kept: somebody has to make room all the same.
        if (_settings.FreeSpace > 0 && !_folders.AnyIsHealthy)
            Block.Post(_look);
        for (int folder = 0; folder < _folders.Count; folder++)
        {
            if (!_folders.IsFailing(folder))
                continue;
            try
            {
                TryOut(folder, _settings.PcapWriteSize);
                if (_folders.Note(folder, failing: false))
                    _settings.Warn($"{_folders[folder]}: packets are kept there again");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not yet.
            }
        }
        Volatile.Write(ref _probes, 0);
    }

    // Who waits for a mark must not wait for ever when nobody writes any more.
    private async Task EndAsync()
    {
        await Block.Completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Block.Completion.IsFaulted)
            await _over.CancelAsync().ConfigureAwait(false);
    }
}
