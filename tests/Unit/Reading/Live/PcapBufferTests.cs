using FlowPipe.Core.Reading.Live;

namespace FlowPipe.Tests.Unit.Reading.Live;

public sealed class PcapBufferTests
{
    private const int Bytes = 100 << 18; // a hundred blocks
    private const long Millisecond = 1_000_000;
    private readonly PcapBuffer _buffer = new(Bytes, timeoutMilliseconds: 10);

    [Fact]
    public void WhatWaitsTakesWhatPacketsLatelyTook()
    {
        // frames of 1,024 bytes, 256 to a block
        Take(1_000, 928);
        Assert.Equal(0, _buffer.OccupiedPercent(1_000, 0, 0));
        Assert.Equal(50, _buffer.OccupiedPercent(1_000 + (256 * 50), 0, 0));
        Assert.Equal(100, _buffer.OccupiedPercent(1_000 + (256 * 500), 0, 0));
        // what was dropped does not wait
        Assert.Equal(10, _buffer.OccupiedPercent(1_000 + (256 * 50), 256 * 40, 0));
        // smaller packets come, and the mean follows
        Take(50_000, 160);
        Assert.InRange(_buffer.OccupiedPercent(51_000 + (256 * 80), 0, 0), 20, 21);
    }

    [Fact]
    public void WhereLittleComesBlocksAreClosedByTime()
    {
        Take(10, 60);
        Assert.Equal(50, _buffer.OccupiedPercent(20, 0, 500 * Millisecond));
        Assert.Equal(100, _buffer.OccupiedPercent(20, 0, 5_000 * Millisecond));
        // nothing waits behind the packet that did
        Assert.Equal(0, _buffer.OccupiedPercent(10, 0, 5_000 * Millisecond));
        // a clock that was set back
        Assert.Equal(0, _buffer.OccupiedPercent(20, 0, -5_000 * Millisecond));
    }

    [Fact]
    public void TheKernelsCountsMayOverflow()
    {
        _buffer.Empty(uint.MaxValue - 99, 0);
        Take(100, 928);
        Assert.Equal(0, _buffer.OccupiedPercent(0, 0, 0));
        Assert.Equal(1, _buffer.OccupiedPercent(256, 0, 0));
    }

    [Fact]
    public void WhatCameBeforeItBeganDoesNotWait()
    {
        _buffer.Empty(300, 44);
        Take(1, 928);
        Assert.Equal(1, _buffer.OccupiedPercent(300 + 257, 44, 0));
    }

    private void Take(int packets, int captured)
    {
        for (int i = 0; i < packets; i++)
            _buffer.Take(captured);
    }
}
