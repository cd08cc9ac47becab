using Avro.Generic;
using Avro.IO;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class AvroRecordWalkerTests
{
    [Fact]
    public void OurRecordsEndWhereTheyEnd()
    {
        FieldDictionary fields = FieldDictionary.Default;
        var walker = new AvroRecordWalker(SessionSchema.Json, "id", "file_uris", "there_is_no_such_field");
        var places = new Range[3];
        for (int seed = 0; seed < 200; seed++)
        {
            var values = new SpiFields();
            new ModelRecord().Fill(fields, values, new Random(seed), seed);
            values.Add(fields["id"], "0b8f0e9c-0000-0000-0000-000000000001"u8);
            byte[] record = Encode(values);
            byte[] followed = [.. record, 1, 2, 3];
            Assert.Equal(record.Length, walker.Walk(followed, places));
            Assert.Equal("0b8f0e9c-0000-0000-0000-000000000001"u8, AvroRecordWalker.Text(record.AsSpan(places[0])));
            Assert.Equal(0..0, places[2]);
        }
    }

    [Fact]
    public void EveryKindOfTypeIsPassedOver()
    {
        const string schema = """
            {"type":"record","name":"Outer","namespace":"a.b","fields":[
              {"name":"nothing","type":"null"},{"name":"yes","type":"boolean"},{"name":"f","type":"float"},{"name":"d","type":"double"},
              {"name":"b","type":"bytes"},{"name":"fixed","type":{"type":"fixed","name":"Four","size":4}},
              {"name":"kind","type":{"type":"enum","name":"Kind","symbols":["A","B"]}},
              {"name":"again","type":["null","Four","a.b.Kind"]},
              {"name":"map","type":{"type":"map","values":{"type":"array","items":"long"}}},
              {"name":"next","type":["null","Outer"]},
              {"name":"last","type":{"type":"long","logicalType":"timestamp-millis"}}]}
            """;
        var parsed = (Avro.RecordSchema)Avro.Schema.Parse(schema);
        GenericRecord Make(GenericRecord? next)
        {
            var record = new GenericRecord(parsed);
            record.Add("nothing", null);
            record.Add("yes", true);
            record.Add("f", 1.5f);
            record.Add("d", 2.5);
            record.Add("b", new byte[] { 1, 2, 3 });
            record.Add("fixed", new GenericFixed((Avro.FixedSchema)parsed["fixed"].Schema, [1, 2, 3, 4]));
            record.Add("kind", new GenericEnum((Avro.EnumSchema)parsed["kind"].Schema, "B"));
            record.Add("again", next is null ? null : new GenericEnum((Avro.EnumSchema)parsed["kind"].Schema, "A"));
            record.Add("map", new Dictionary<string, object> { ["x"] = new object[] { 1L, 2L }, ["y"] = Array.Empty<object>() });
            record.Add("next", next);
            record.Add("last", DateTime.UnixEpoch.AddMilliseconds(1234567));
            return record;
        }
        var bytes = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(parsed).Write(Make(Make(null)), new BinaryEncoder(bytes));
        var places = new Range[1];
        int length = new AvroRecordWalker(schema, "last").Walk(bytes.ToArray(), places);
        Assert.Equal(bytes.Length, length);
        int at = places[0].Start.Value;
        Assert.Equal(1234567, Varint.ReadZigZag(bytes.ToArray(), ref at));
    }

    [Fact]
    public void WhatIsCutShortIsRefused()
    {
        var values = new SpiFields();
        new ModelRecord().Fill(FieldDictionary.Default, values, new Random(7), 60);
        byte[] record = Encode(values);
        var walker = new AvroRecordWalker(SessionSchema.Json);
        for (int length = 0; length < record.Length; length++)
            Assert.Throws<InvalidDataException>(() => walker.Walk(record.AsSpan(0, length), []));
    }

    [Fact]
    public void NonsenseIsRefusedAndEnds()
    {
        var walker = new AvroRecordWalker(SessionSchema.Json);
        var random = new Random(3);
        byte[] bytes = new byte[4096];
        for (int i = 0; i < 2_000; i++)
        {
            random.NextBytes(bytes);
            try
            {
                Assert.InRange(walker.Walk(bytes, []), 1, bytes.Length);
            }
            catch (InvalidDataException)
            {
                // That is how it says no.
            }
        }
    }

    [Fact]
    public void ACountOfItemsWithoutBytesDoesNotHang()
    {
        var walker = new AvroRecordWalker(
            """{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"array","items":"null"}}]}"""
        );
        byte[] many = new byte[Varint.MaxBytes + 1];
        int length = Varint.WriteZigZag(many, long.MaxValue);
        Assert.Equal(length + 1, walker.Walk(many.AsSpan(0, length + 1), []));
    }

    [Fact]
    public void ARecordWithinItselfHasALimit()
    {
        var walker = new AvroRecordWalker("""{"type":"record","name":"R","fields":[{"name":"r","type":["R","null"]}]}""");
        Assert.Throws<InvalidDataException>(() => walker.Walk(new byte[100_000], []));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\"long\"")]
    [InlineData("{\"type\":\"record\",\"name\":\"R\"}")]
    [InlineData("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"Unknown\"}]}")]
    [InlineData("[1,2]")]
    public void WhatIsNoSchemaIsRefused(string schema) => Assert.Throws<InvalidDataException>(() => new AvroRecordWalker(schema));

    private static byte[] Encode(SpiFields values)
    {
        byte[] record = new byte[1 << 20];
        Assert.True(new SpiRecordEncoder().TryEncode(new SpiRow(), values, record, out int written));
        return record[..written];
    }
}
