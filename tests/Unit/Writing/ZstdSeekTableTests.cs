using FlowPipe.Core.Writing;

namespace FlowPipe.Tests.Unit.Writing;

public sealed class ZstdSeekTableTests
{
    private static readonly ZstdFrame[] Frames = [new(100, 1_000), new(7, 0), new(1, 65_536)];

    [Fact]
    public void ATableIsReadAsItWasWritten() => Assert.Equal(Frames, Read([.. new byte[108], .. ZstdSeekTable.Write(Frames)]));

    [Fact]
    public void ItsFormIsThatOfTheSpecification() =>
        Assert.Equal(
            "5E2A4D18" + "11000000" + "64000000E8030000" + "01000000" + "00" + "B1EA928F",
            Convert.ToHexString(ZstdSeekTable.Write([new(100, 1_000)]))
        );

    [Fact]
    public void WhatDoesNotAgreeWithTheFileIsNone()
    {
        byte[] whole = [.. new byte[108], .. ZstdSeekTable.Write(Frames)];
        Assert.Null(Read([]));
        Assert.Null(Read(new byte[1_000]));
        Assert.Null(Read(whole[1..])); // sizes and place differ
        Assert.Null(Read(whole[..^1]));
        // whatever byte is changed, there is no exception; most changes are seen
        int seen = 0;
        for (int i = 108; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= 0xFF;
            seen += Read(changed) is null ? 1 : 0;
        }
        Assert.InRange(seen, 20, whole.Length);
    }

    private static List<ZstdFrame>? Read(byte[] file) => ZstdSeekTable.Read(new MemoryStream(file));
}
