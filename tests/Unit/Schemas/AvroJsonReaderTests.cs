using System.Buffers;
using System.Text;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class AvroJsonReaderTests
{
    private const string All = """
        {"type":"record","name":"R","namespace":"x","fields":[
          {"name":"b","type":"boolean"},{"name":"i","type":"int"},{"name":"l","type":"long"},{"name":"f","type":"float"},
          {"name":"d","type":"double"},{"name":"nan","type":"double"},{"name":"y","type":"bytes"},{"name":"s","type":"string"},
          {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
          {"name":"x","type":{"type":"fixed","name":"F","size":3}},
          {"name":"a","type":{"type":"array","items":"int"}},{"name":"m","type":{"type":"map","values":"string"}},
          {"name":"u","type":["null","string"]},{"name":"t","type":{"type":"long","logicalType":"timestamp-millis"}},
          {"name":"r","type":["null","R"]}]}
        """;

    [Fact]
    public void EveryTypeIsShown()
    {
        var schema = (Avro.RecordSchema)Avro.Schema.Parse(All);
        GenericRecord inner = Record(schema, null);
        GenericRecord outer = Record(schema, inner);
        var bytes = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(schema).Write(outer, new BinaryEncoder(bytes));
        const string Values =
            """{"b":true,"i":-5,"l":9007199254740993,"f":0.5,"d":1.25,"nan":null,"y":"00ff","s":"ä\"","e":"B","x":"010203","a":[1,2],"m":{"k":"v"},"u":"w","t":1000,"r":""";
        Assert.Equal($"{Values}{Values}null}}}}", Show(All, bytes.ToArray()));
    }

    [Theory]
    [InlineData("""{"type":"array","items":"null"}""", "80808080808040")] // billions of nothing
    [InlineData("""{"type":"array","items":"null"}""", "04040400")] // a little more than there are bytes
    [InlineData("\"int\"", "0202")] // something follows
    [InlineData("\"string\"", "7F")]
    [InlineData("[\"null\",\"int\"]", "04")] // a third branch of two
    [InlineData("""{"type":"enum","name":"E","symbols":["A"]}""", "02")]
    [InlineData("""{"type":"fixed","name":"F","size":2000000000}""", "00")]
    [InlineData("""{"type":"record","name":"R","fields":[{"name":"r","type":"R"}]}""", "00")] // has no end
    public void NonsenseIsRefused(string schema, string hex) =>
        Assert.Throws<InvalidDataException>(() => Show(schema, Convert.FromHexString(hex)));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("\"nothing\"")]
    [InlineData("""{"type":"record"}""")]
    public void WhatIsNoSchemaIsRefused(string schema) => Assert.Throws<InvalidDataException>(() => new AvroJsonReader(schema));

    [Fact]
    public void DamagedRecordsNeverDoAnythingElse()
    {
        var schema = (Avro.RecordSchema)Avro.Schema.Parse(All);
        var bytes = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(schema).Write(Record(schema, Record(schema, null)), new BinaryEncoder(bytes));
        byte[] good = bytes.ToArray();
        var random = new Random(7);
        var reader = new AvroJsonReader(All);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bad = good[..random.Next(good.Length + 1)];
            for (int changes = random.Next(4); changes > 0 && bad.Length > 0; changes--)
                bad[random.Next(bad.Length)] = (byte)random.Next(256);
            try
            {
                reader.Write(bad, new ArrayBufferWriter<byte>());
            }
            catch (InvalidDataException)
            {
                // the one that callers know
            }
        }
    }

    private static string Show(string schema, byte[] record)
    {
        var json = new ArrayBufferWriter<byte>();
        new AvroJsonReader(schema).Write(record, json);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    private static GenericRecord Record(Avro.RecordSchema schema, GenericRecord? inner)
    {
        var record = new GenericRecord(schema);
        record.Add("b", true);
        record.Add("i", -5);
        record.Add("l", 9007199254740993);
        record.Add("f", 0.5f);
        record.Add("d", 1.25);
        record.Add("nan", double.NaN);
        record.Add("y", new byte[] { 0, 255 });
        record.Add("s", "ä\"");
        record.Add("e", new GenericEnum((Avro.EnumSchema)schema["e"].Schema, "B"));
        record.Add("x", new GenericFixed((Avro.FixedSchema)schema["x"].Schema, [1, 2, 3]));
        record.Add("a", new[] { 1, 2 });
        record.Add("m", new Dictionary<string, object>(StringComparer.Ordinal) { ["k"] = "v" });
        record.Add("u", "w");
        record.Add("t", DateTime.UnixEpoch.AddSeconds(1));
        record.Add("r", inner!);
        return record;
    }
}
