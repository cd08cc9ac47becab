using System.Buffers;
using System.Text;
using System.Text.Json;
using Avro;
using Avro.Generic;
using Avro.IO;
using CsCheck;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

/// <summary>Random values, encoded by us, decoded by Apache.Avro, and written as documents from either side.</summary>
public sealed class RecordRoundTripTests
{
    private static readonly FieldDictionary Nested = new(ModelRecord.NestedDictionary);

    [Fact]
    public void ApacheAvroReadsWhatWasAdded() => Sample(FieldDictionary.Default, 300);

    [Fact]
    public void ApacheAvroReadsNestedRecords() => Sample(Nested, 300);

    [Fact]
    public void ApacheAvroReadsAnEmptyRecord()
    {
        byte[] bytes = Encode(FieldDictionary.Default, new SpiFields(), new SpiFields());
        new ModelRecord().AssertEqual(FieldDictionary.Default, Read(SessionSchema.Parsed, bytes));
    }

    [Fact]
    public void DestinationThatIsTooSmallIsRefused()
    {
        var values = new SpiFields();
        new ModelRecord().Fill(FieldDictionary.Default, values, new Random(1), 60);
        byte[] whole = Encode(FieldDictionary.Default, values, new SpiFields());
        var encoder = new SpiRecordEncoder();
        for (int size = 0; size < whole.Length; size++)
        {
            Assert.False(encoder.TryEncode(values, new SpiFields(), new byte[size], out int none));
            Assert.Equal(0, none);
        }
        byte[] exact = new byte[whole.Length];
        Assert.True(encoder.TryEncode(values, new SpiFields(), exact, out int written));
        Assert.Equal(whole.Length, written);
        Assert.Equal(whole, exact);
    }

    private static void Sample(FieldDictionary dictionary, int iterations)
    {
        Schema schema = Schema.Parse(SessionSchema.ToJson(dictionary));
        Gen.Select(Gen.Int, Gen.Int[0, 120])
            .Sample(
                (seed, adds) =>
                {
                    // the top's fields are split over two stores as the core's and the parsers' are; both are used again and again
                    var core = new SpiFields();
                    var session = new SpiFields();
                    for (int round = 0; round < 2; round++)
                    {
                        var random = new Random(seed + round);
                        int split = random.Next(dictionary.Fields.Count + 1);
                        var model = new ModelRecord();
                        model.Fill(dictionary, core, random, adds, default, field => field.Number <= split ? core : session);
                        byte[] bytes = Encode(dictionary, core, session);
                        model.AssertEqual(dictionary, Read(schema, bytes));

                        var decoded = new SpiFields();
                        new SpiRecordDecoder(schema, schema, dictionary).Decode(bytes, decoded);
                        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Encode(dictionary, decoded, new SpiFields())));
                        foreach (bool option in (bool[])[false, true])
                        {
                            var options = new Sessions3Options { GapPacketPos = option, Extras = option };
                            string live = Json(dictionary, options, core, session);
                            Assert.Equal(live, Json(dictionary, options, decoded, new SpiFields()));
                            JsonDocument.Parse(live).Dispose();
                        }
                        core.Reset();
                        session.Reset();
                    }
                },
                iter: iterations,
                threads: 1
            );
    }

    internal static byte[] Encode(FieldDictionary dictionary, SpiFields core, SpiFields session)
    {
        byte[] buffer = new byte[1 << 16];
        Assert.True(new SpiRecordEncoder(dictionary).TryEncode(core, session, buffer, out int written));
        return buffer[..written];
    }

    internal static GenericRecord Read(Schema schema, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        GenericRecord record = new GenericDatumReader<GenericRecord>(schema, schema).Read(null!, new BinaryDecoder(stream));
        Assert.Equal(bytes.Length, stream.Position);
        return record;
    }

    internal static string Json(FieldDictionary dictionary, Sessions3Options options, SpiFields core, SpiFields session)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new Sessions3Writer(options, dictionary).Write(core, session, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
