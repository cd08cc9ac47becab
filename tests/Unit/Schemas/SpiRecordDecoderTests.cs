using System.Text;
using Avro;
using CsCheck;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class SpiRecordDecoderTests
{
    [Fact]
    public void DamagedRecordIsInvalidDataOrReadable()
    {
        var values = new SpiFields();
        new ModelRecord().Fill(FieldDictionary.Default, values, new Random(3), 150);
        byte[] whole = RecordRoundTripTests.Encode(FieldDictionary.Default, values);
        var decoder = new SpiRecordDecoder();
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte, Gen.Int[0, whole.Length])
            .Sample(
                (place, value, length) =>
                {
                    byte[] damaged = [.. whole];
                    damaged[place] = value;
                    try
                    {
                        decoder.Decode(damaged.AsMemory(0, length), new SpiFields());
                    }
                    catch (InvalidDataException e)
                    {
                        Assert.NotEmpty(e.Message);
                    }
                },
                iter: 3000,
                threads: 1
            );
    }

    [Fact]
    public void TruncatedRecordIsInvalidData()
    {
        byte[] whole = RecordRoundTripTests.Encode(FieldDictionary.Default, new SpiFields());
        var decoder = new SpiRecordDecoder();
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<InvalidDataException>(() => decoder.Decode(whole.AsMemory(0, length), new SpiFields()));
        Assert.Throws<InvalidDataException>(() => decoder.Decode(new byte[whole.Length + 1], new SpiFields()));
    }

    [Fact]
    public void CountThatTheBytesCannotHoldIsRefusedBeforeMemoryIsTaken()
    {
        Schema schema = Schema.Parse(
            SessionSchema.ToJson(new FieldDictionary("name\tsessions3\tavro\ttype\tflags\thelp\na\ta\ta\tutf8set\t-\ta\n"))
        );
        var dictionary = new FieldDictionary("name\tsessions3\tavro\ttype\tflags\thelp\na\ta\ta\tutf8set\t-\ta\n");
        var decoder = new SpiRecordDecoder(schema, schema, dictionary);
        foreach (long count in (long[])[int.MaxValue, long.MaxValue, -int.MaxValue, long.MinValue])
        {
            var e = Assert.Throws<InvalidDataException>(() => decoder.Decode(ModelRecord.Pack(count, 0), new SpiFields()));
            Assert.Contains("announced", e.Message, StringComparison.Ordinal);
        }
        Assert.Throws<InvalidDataException>(() => decoder.Decode(ModelRecord.Pack(1, int.MaxValue), new SpiFields()));
    }

    [Fact]
    public void BlocksWithTheirSizeAreRead()
    {
        const string Text = "name\tsessions3\tavro\ttype\tflags\thelp\na\ta\ta\tutf8set\t-\ta\n";
        var dictionary = new FieldDictionary(Text);
        Schema schema = Schema.Parse(SessionSchema.ToJson(dictionary));
        var values = new SpiFields();

        // two blocks: of one item and its size in bytes, then of one item without
        new SpiRecordDecoder(schema, schema, dictionary).Decode(new byte[] { 1, 4, 2, (byte)'x', 2, 2, (byte)'y', 0 }, values);
        List<string> read = [];
        foreach (SpiValue value in values.Values(dictionary["a"]))
            read.Add(Encoding.UTF8.GetString(value.Utf8));
        Assert.Equal(["x", "y"], read);
    }

    [Theory]
    [InlineData("not a schema")]
    [InlineData("{}")]
    [InlineData("{\"type\":\"record\"}")]
    [InlineData("\"string\"")]
    [InlineData("""{"type":"record","name":"Session","namespace":"flowpipe.spi.v1","fields":[{"name":"id","type":"int"}]}""")]
    public void SchemaOfSomethingElseIsRefused(string schema) => Assert.Throws<InvalidDataException>(() => new SpiRecordDecoder(schema));
}
