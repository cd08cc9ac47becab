using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("1000", 1000)]
    [InlineData("64kb", 64 << 10)]
    [InlineData("256mb", 256 << 20)]
    [InlineData("256 MB", 256 << 20)]
    [InlineData("4GB", 4L << 30)]
    [InlineData("8388607tb", 8388607L << 40)]
    public void SizesAreRead(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out long read));
        Assert.Equal(bytes, read);
        Assert.True(ByteSize.TryParse(ByteSize.Format(bytes), out long again));
        Assert.Equal(bytes, again);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mb")]
    [InlineData("-1mb")]
    [InlineData("1.5gb")]
    [InlineData("1 xb")]
    [InlineData("1bm")]
    [InlineData("1mbmb")]
    [InlineData("8388608tb")]
    [InlineData("99999999999999999999")]
    public void WhatIsNoSizeIsNot(string text) => Assert.False(ByteSize.TryParse(text, out _));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1000, "1000")]
    [InlineData(1 << 20, "1mb")]
    [InlineData(1536L << 20, "1536mb")]
    [InlineData(2L << 30, "2gb")]
    public void SizesAreWrittenInTheLargestUnit(long bytes, string text) => Assert.Equal(text, ByteSize.Format(bytes));
}
