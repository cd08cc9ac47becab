using System.Runtime.InteropServices;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Reading;

/// <summary>
/// A block of the reader's pool. Its array is pinned from birth, so that packets may be pointers, and is the garbage collector's, so that a read
/// which outlives the run (a stalled standard input) still writes to memory that exists.
/// </summary>
internal sealed unsafe class BufferBlock : PacketBlock
{
    private readonly Action<BufferBlock> _recycle;

    public BufferBlock(int length, Action<BufferBlock> recycle)
    {
        Bytes = GC.AllocateUninitializedArray<byte>(length, pinned: true);
        Start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(Bytes, 0);
        Length = length;
        _recycle = recycle;
    }

    /// <summary>The block's memory, for those who fill it.</summary>
    public byte[] Bytes { get; }

    /// <summary>The same memory, for those who scan it.</summary>
    public byte* First => Start;

    protected override void Recycle() => _recycle(this);
}
