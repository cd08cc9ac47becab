using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class SpiRowTests
{
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;

    [Fact]
    public void LastValueCountsAndResetForgetsIt()
    {
        var row = new SpiRow();
        row.Set(Dictionary["node"], "first"u8);
        row.Set(Dictionary["node"], "second"u8);
        row.Set(Dictionary["length"], 1);
        row.Set(Dictionary["length"], 2);
        var values = new SpiFields();
        values.Add(Dictionary["node"], "second"u8);
        values.Add(Dictionary["length"], 2);
        Assert.Equal(Encode(new SpiRow(), values), Encode(row, new SpiFields()));
        row.Reset();
        Assert.Equal(Encode(new SpiRow(), new SpiFields()), Encode(row, new SpiFields()));
    }

    [Fact]
    public void IntegerThatDoesNotFitIsRefused()
    {
        var row = new SpiRow();
        Assert.False(row.Set(Dictionary["port.src"], 1L << 31));
        Assert.True(row.Set(Dictionary["port.src"], int.MaxValue));
        Assert.True(row.Set(Dictionary["bytes.src"], 1L << 31));
    }

    [Fact]
    public void ValueOfAnotherTypeIsRefused()
    {
        var row = new SpiRow();
        Assert.Throws<ArgumentException>(() => row.Set(Dictionary["node"], 1));
        Assert.Throws<ArgumentException>(() => row.Set(Dictionary["length"], 1.0));
        Assert.Throws<ArgumentException>(() => row.Set(Dictionary["tags"], "set"u8));
        Assert.Throws<ArgumentException>(() => row.SetIp(Dictionary["node"], 1));
        Assert.Throws<ArgumentException>(() => row.Set(Dictionary["packet_pos.source"], "inside a record"u8));
        Assert.Throws<ArgumentException>(() => row.Set(default, 1));
    }

    [Fact]
    public void RowOfAnotherDictionaryIsRefused()
    {
        var other = new SpiRow(new FieldDictionary(ModelRecord.NestedDictionary));
        Assert.Throws<InvalidOperationException>(() => Encode(other, new SpiFields()));
    }

    private static byte[] Encode(SpiRow row, SpiFields session) => RecordRoundTripTests.Encode(Dictionary, row, session);
}
