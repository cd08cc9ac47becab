using System.Numerics;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Arrays of 16 bytes to 1 MiB by powers of two, for one partition: no lock, and what it has lent is known to the byte, as the memory cap needs.
/// </summary>
public sealed class BytePool : IBytePool
{
    private const int SmallestShift = 4;
    private const int LargestShift = 20;
    private const int ArrayHead = 24;
    private readonly Stack<byte[]>[] _free = new Stack<byte[]>[LargestShift - SmallestShift + 1];

    public BytePool()
    {
        for (int i = 0; i < _free.Length; i++)
            _free[i] = new Stack<byte[]>();
    }

    /// <summary>Largest array that it gives.</summary>
    public const int Largest = 1 << LargestShift;

    /// <inheritdoc/>
    public int LargestArray => Largest;

    /// <summary>Bytes lent and not yet returned.</summary>
    public long Lent { get; private set; }

    /// <summary>Memory that these take, with the heads of their arrays.</summary>
    public long LentMemory { get; private set; }

    /// <summary>Whether more was lent since this was last set to false.</summary>
    public bool HasLent { get; set; }

    /// <summary>An array of at least so many bytes, not cleared.</summary>
    public byte[] Rent(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, Largest);
        int shift = Math.Max(SmallestShift, 32 - BitOperations.LeadingZeroCount((uint)Math.Max(1, bytes) - 1));
        Lent += 1L << shift;
        HasLent = true;
        LentMemory += (1L << shift) + ArrayHead;
        return _free[shift - SmallestShift].TryPop(out byte[]? array) ? array : GC.AllocateUninitializedArray<byte>(1 << shift);
    }

    /// <summary>Takes an array back.</summary>
    public void Return(byte[] array)
    {
        Lent -= array.Length;
        LentMemory -= array.Length + ArrayHead;
        // Large ones are rare: a few are kept, the rest goes to the collector.
        Stack<byte[]> free = _free[BitOperations.Log2((uint)array.Length) - SmallestShift];
        if (array.Length < 4096 || free.Count < 64)
            free.Push(array);
    }
}
