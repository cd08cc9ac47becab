using Microsoft.Win32.SafeHandles;

namespace FlowPipe.Core.Reading;

/// <summary>Where a capture's bytes come from, decompressed.</summary>
internal abstract class ByteSource : IDisposable
{
    /// <summary>Bytes of the input handed out so far.</summary>
    public long BytesRead { get; protected set; }

    /// <summary>What ended it early, if anything did: the bytes before it have been handed out.</summary>
    public Exception? Failure { get; protected set; }

    /// <summary>
    /// Fills a block from an offset on with what there is. Returns the new end, the old one at the end of the source. A slow source returns with less
    /// than a block so that its packets need not wait; it then may go on writing past what it returned, and only past that.
    /// </summary>
    public abstract ValueTask<int> FillAsync(BufferBlock block, int from, CancellationToken stop);

    /// <summary>Whether the block must not be used again, as a read into it could not be called off.</summary>
    public virtual bool HoldsBlock => false;

    public abstract void Dispose();
}

/// <summary>A plain file, in reads of a whole block.</summary>
internal sealed class FileBytes(SafeFileHandle handle) : ByteSource
{
    public override ValueTask<int> FillAsync(BufferBlock block, int from, CancellationToken stop)
    {
        int end = from;
        try
        {
            while (end < block.Length)
            {
                int read = RandomAccess.Read(handle, block.Bytes.AsSpan(end), BytesRead);
                if (read == 0)
                    break;
                BytesRead += read;
                end += read;
            }
        }
        catch (IOException e)
        {
            Failure = e;
        }
        return new ValueTask<int>(end);
    }

    public override void Dispose() => handle.Dispose();
}

/// <summary>
/// Anything that can only be read on and may stall: the standard input, a pipe, a decompressor. A thread of the pool fills the block; whoever waits
/// looks every 10 ms at how far it has got.
/// </summary>
internal sealed class StreamBytes(Stream stream) : ByteSource
{
    private const int ReadSize = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private Task? _fill;
    private int _filled;
    private int _taken;

    public override bool HoldsBlock => _fill is { IsCompleted: false };

    public override async ValueTask<int> FillAsync(BufferBlock block, int from, CancellationToken stop)
    {
        if (Failure is not null)
            return from;
        if (_fill is not { } fill)
        {
            _taken = from;
            Volatile.Write(ref _filled, from);
            _fill = fill = Task.Run(() => Fill(block, from), CancellationToken.None);
        }
        while (!stop.IsCancellationRequested)
        {
            await Task.WhenAny(fill, Task.Delay(Patience, stop)).ConfigureAwait(false);
            bool finished = fill.IsCompleted;
            int filled = Volatile.Read(ref _filled);
            if (filled == block.Length && !finished)
            {
                // it has written its last byte; the next block's fill must not be taken for this one
                await fill.ConfigureAwait(false);
                finished = true;
            }
            if (finished)
                _fill = null;
            if (finished || filled > _taken)
            {
                BytesRead += filled - _taken;
                _taken = filled;
                return filled;
            }
        }
        return from;
    }

    private void Fill(BufferBlock block, int end)
    {
        try
        {
            int read;
            do
            {
                read = stream.Read(block.Bytes, end, Math.Min(ReadSize, block.Length - end));
                end += read;
                Volatile.Write(ref _filled, end);
            } while (read > 0 && end < block.Length);
        }
        catch (Exception e)
        {
            // whatever a decompressor throws at damaged input: they have no one kind for it, and take sizes on trust
            Failure = e;
        }
    }

    public override void Dispose()
    {
        if (_fill is { IsCompleted: false } fill)
            _ = fill.ContinueWith(static (_, state) => ((Stream)state!).Dispose(), stream, TaskScheduler.Default);
        else
            stream.Dispose();
    }
}
