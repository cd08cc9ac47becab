using System.Runtime.InteropServices;
using FlowPipe.Abstractions;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>A block over an array that stays where it is.</summary>
internal sealed unsafe class MemoryBlock : PacketBlock
{
    private readonly byte[] _bytes;
    private readonly Action? _recycled;

    public MemoryBlock(ReadOnlySpan<byte> bytes, Action? recycled = null)
    {
        _bytes = GC.AllocateUninitializedArray<byte>(Math.Max(1, bytes.Length), pinned: true);
        bytes.CopyTo(_bytes);
        Start = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(_bytes, 0);
        Length = bytes.Length;
        _recycled = recycled;
    }

    protected override void Recycle() => _recycled?.Invoke();
}
