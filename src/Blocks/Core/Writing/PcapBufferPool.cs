using System.Collections.Concurrent;

namespace FlowPipe.Core.Writing;

/// <summary>One partition's buffers: it takes them, and the writer gives them back.</summary>
internal sealed class PcapBufferPool(int partition, int size)
{
    private const int Kept = 8;
    private readonly ConcurrentQueue<PcapBuffer> _free = new();
    private int _lent;

    /// <summary>Buffers that are being filled, or wait for the disk.</summary>
    public int Lent => Volatile.Read(ref _lent);

    public PcapBuffer Take()
    {
        Interlocked.Increment(ref _lent);
        return _free.TryDequeue(out PcapBuffer? buffer) ? buffer : new PcapBuffer(partition, size);
    }

    public void Return(PcapBuffer buffer)
    {
        buffer.Clear();
        // After a pause of the disk there are more than are ever needed again.
        if (_free.Count < Kept)
            _free.Enqueue(buffer);
        Interlocked.Decrement(ref _lent);
    }
}
