using System.Buffers.Binary;
using FlowPipe.Core.Reading.Live;

namespace FlowPipe.Tests.Unit.Reading.Live;

public sealed unsafe class RingFrameTests
{
    private const int FrameAt = 100;
    private static readonly byte[] Frame = [.. Enumerable.Range(1, 12).Select(static i => (byte)i), 0x08, 0x00, 0x45, 0xAA, 0xBB];

    [Fact]
    public void WhatTheKernelLeftIsTaken()
    {
        byte[] memory = Packet(status: 1);
        fixed (byte* header = memory)
        {
            var frame = new RingFrame(header);
            Assert.Equal(1_700_000_000_123_456_789, frame.TimestampNs);
            Assert.Equal(256, frame.NextOffset);
            frame.Restore(isEthernet: true, out byte* start, out int captured, out int original);
            Assert.Equal(Frame, new ReadOnlySpan<byte>(start, captured).ToArray());
            Assert.Equal(1_500, original);
        }
    }

    [Theory]
    [InlineData(0x11, 0x8100)]
    [InlineData(0x51, 0x88A8)]
    public void ATagThatTheKernelTookOffIsPutBack(uint status, int tpid)
    {
        byte[] memory = Packet(status);
        fixed (byte* header = memory)
        {
            new RingFrame(header).Restore(isEthernet: true, out byte* start, out int captured, out int original);
            byte[] tagged = [.. Frame[..12], (byte)(tpid >> 8), (byte)tpid, 0x20, 0x05, .. Frame[12..]];
            Assert.Equal(tagged, new ReadOnlySpan<byte>(start, captured).ToArray());
            Assert.Equal(1_504, original);
        }
    }

    [Theory]
    [InlineData(false, 17)]
    [InlineData(true, 11)]
    public void WhatHasNoPlaceForATagIsLeftAlone(bool isEthernet, int length)
    {
        byte[] memory = Packet(status: 0x11, captured: length);
        fixed (byte* header = memory)
        {
            new RingFrame(header).Restore(isEthernet, out byte* start, out int captured, out int _);
            Assert.Equal(Frame[..length], new ReadOnlySpan<byte>(start, captured).ToArray());
        }
    }

    [Fact]
    public void ABlockIsGivenBackByItsLastBorrower()
    {
        byte[] memory = new byte[4_096];
        fixed (byte* start = memory)
        {
            var block = new RingBlock(start, memory.Length);
            Assert.False(block.TryTake());
            BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan(8), 1);
            Assert.True(block.TryTake());
            // ours, though the kernel's word still stands there
            Assert.False(block.TryTake());
            block.Lend(2);
            block.Release();
            block.Release();
            Assert.True(block.IsLent);
            Assert.Equal(1u, BinaryPrimitives.ReadUInt32LittleEndian(memory.AsSpan(8)));
            block.Release();
            Assert.False(block.IsLent);
            Assert.Equal(0u, BinaryPrimitives.ReadUInt32LittleEndian(memory.AsSpan(8)));
        }
    }

    // tpacket3_hdr, as linux/if_packet.h has it
    private static byte[] Packet(uint status, int? captured = null)
    {
        byte[] memory = new byte[256];
        BinaryPrimitives.WriteUInt32LittleEndian(memory, 256);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan(4), 1_700_000_000);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan(8), 123_456_789);
        BinaryPrimitives.WriteInt32LittleEndian(memory.AsSpan(12), captured ?? Frame.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan(16), 1_500);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan(20), status);
        BinaryPrimitives.WriteUInt16LittleEndian(memory.AsSpan(24), FrameAt);
        BinaryPrimitives.WriteUInt32LittleEndian(memory.AsSpan(32), 0x2005);
        BinaryPrimitives.WriteUInt16LittleEndian(memory.AsSpan(36), 0x88A8);
        Frame.CopyTo(memory, FrameAt);
        return memory;
    }
}
