namespace FlowPipe.Abstractions;

/// <summary>
/// Bytes that a reader lends: a pooled buffer, a block of the kernel's ring, or a reassembled datagram. Several borrowers share it by a count
/// that is taken once per batch; when the last returns it, it goes back to where it came from. The only place where packets are pointers.
/// </summary>
public abstract unsafe class PacketBlock
{
    private int _borrowers;

    /// <summary>First byte of the block; pinned or native for as long as the block lives.</summary>
    protected byte* Start { get; init; }

    /// <summary>Bytes in the block.</summary>
    public int Length { get; protected init; }

    /// <summary>The bytes from <paramref name="offset"/>; empty when they are not all inside the block.</summary>
    public ReadOnlySpan<byte> Slice(int offset, int length) =>
        (uint)offset <= (uint)Length && (uint)length <= (uint)(Length - offset) ? new(Start + offset, length) : default;

    /// <summary>Adds borrowers, before the block is handed to them.</summary>
    public void Lend(int borrowers) => Interlocked.Add(ref _borrowers, borrowers);

    /// <summary>Gives the block back. The last to do so recycles it.</summary>
    /// <exception cref="InvalidOperationException">It was given back more often than it was lent: a bug.</exception>
    public void Release()
    {
        int left = Interlocked.Decrement(ref _borrowers);
        if (left == 0)
            Recycle();
        else if (left < 0)
            throw new InvalidOperationException("a packet block was released twice");
    }

    /// <summary>Takes the block back into its pool, or hands it to the kernel.</summary>
    protected abstract void Recycle();
}
