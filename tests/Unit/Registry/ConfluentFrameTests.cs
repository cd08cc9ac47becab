using FlowPipe.Schemas.Registry;

namespace FlowPipe.Tests.Unit.Registry;

public sealed class ConfluentFrameTests
{
    [Fact]
    public void ARecordStandsBehindAZeroAndTheNumber()
    {
        byte[] framed = ConfluentFrame.Frame(0x01020304, [0xAA, 0xBB]);
        Assert.Equal([0, 1, 2, 3, 4, 0xAA, 0xBB], framed);
        Assert.True(ConfluentFrame.TryUnframe(framed, out int id, out ReadOnlyMemory<byte> record));
        Assert.Equal(0x01020304, id);
        Assert.Equal([0xAA, 0xBB], record.ToArray());
    }

    [Theory]
    [InlineData("")]
    [InlineData("00000000")]
    [InlineData("0100000001AA")]
    [InlineData("C301000000000000000000")]
    public void WhatIsFramedOtherwiseIsNotTaken(string hex) =>
        Assert.False(ConfluentFrame.TryUnframe(Convert.FromHexString(hex), out _, out _));

    [Theory]
    [InlineData("TopicNameStrategy", "spi-value")]
    [InlineData("recordnamestrategy", "ns.Session")]
    [InlineData("io.confluent.kafka.serializers.subject.TopicRecordNameStrategy", "spi-ns.Session")]
    public void SubjectsAreNamedByTheStrategy(string strategy, string subject)
    {
        Assert.True(SubjectNames.TryParse(strategy, out SubjectStrategy parsed));
        Assert.Equal(subject, SubjectNames.Of(parsed, "spi", "ns.Session"));
    }

    [Fact]
    public void OtherStrategiesAreRefused() => Assert.False(SubjectNames.TryParse("AssociatedNameStrategy", out _));
}
