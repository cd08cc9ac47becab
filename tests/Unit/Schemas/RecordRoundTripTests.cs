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
        byte[] bytes = Encode(FieldDictionary.Default, new SpiFields());
        new ModelRecord().AssertEqual(FieldDictionary.Default, Read(SessionSchema.Parsed, bytes));
    }

    [Fact]
    public void DestinationThatIsTooSmallIsRefused()
    {
        var values = new SpiFields();
        new ModelRecord().Fill(FieldDictionary.Default, values, new Random(1), 60);
        byte[] whole = Encode(FieldDictionary.Default, values);
        var encoder = new SpiRecordEncoder();
        var row = new SpiRow();
        for (int size = 0; size < whole.Length; size++)
        {
            Assert.False(encoder.TryEncode(row, values, new byte[size], out int none));
            Assert.Equal(0, none);
        }
        byte[] exact = new byte[whole.Length];
        Assert.True(encoder.TryEncode(row, values, exact, out int written));
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
                    // the top's fields are split over row and store as the core's and the parsers' are; both are used again and again
                    var row = new SpiRow(dictionary);
                    var slots = new SpiFields();
                    var session = new SpiFields();
                    for (int round = 0; round < 2; round++)
                    {
                        var random = new Random(seed + round);
                        int split = random.Next(dictionary.Fields.Count + 1);
                        var model = new ModelRecord();
                        model.Fill(
                            dictionary,
                            session,
                            random,
                            adds,
                            default,
                            field =>
                                field.Number > split ? session
                                : HasSlot(field) ? slots
                                : row.Lists
                        );
                        SetSlots(dictionary, row, slots);
                        byte[] bytes = Encode(dictionary, row, session);
                        model.AssertEqual(dictionary, Read(schema, bytes));

                        var decoded = new SpiFields();
                        new SpiRecordDecoder(schema, schema, dictionary).Decode(bytes, decoded);
                        Assert.Equal(Convert.ToHexString(bytes), Convert.ToHexString(Encode(dictionary, decoded)));
                        foreach (bool option in (bool[])[false, true])
                        {
                            var options = new Sessions3Options { GapPacketPos = option, Extras = option };
                            string live = Json(dictionary, options, row, session);
                            Assert.Equal(live, Json(dictionary, options, decoded));
                            JsonDocument.Parse(live).Dispose();
                        }
                        row.Reset();
                        slots.Reset();
                        session.Reset();
                    }
                },
                iter: iterations,
                threads: 1
            );
    }

    private static bool HasSlot(SpiField field) =>
        field.Type is SpiType.Long or SpiType.Int or SpiType.Bool or SpiType.Double or SpiType.Utf8 or SpiType.Ip;

    private static void SetSlots(FieldDictionary dictionary, SpiRow row, SpiFields values)
    {
        foreach (SpiField field in dictionary.Fields.Select(f => f.Field).Where(f => f.Parent == 0))
        {
            foreach (SpiValue value in values.Values(field))
            {
                if (field.Type == SpiType.Utf8)
                    row.Set(field, value.Utf8);
                else if (field.Type == SpiType.Ip)
                    row.SetIp(field, value.Ip);
                else if (field.Type == SpiType.Double)
                    row.Set(field, value.Double);
                else
                    Assert.True(row.Set(field, value.Long));
            }
        }
    }

    internal static byte[] Encode(FieldDictionary dictionary, SpiFields values) => Encode(dictionary, new SpiRow(dictionary), values);

    internal static byte[] Encode(FieldDictionary dictionary, SpiRow row, SpiFields session)
    {
        byte[] buffer = new byte[1 << 16];
        Assert.True(new SpiRecordEncoder(dictionary).TryEncode(row, session, buffer, out int written));
        return buffer[..written];
    }

    internal static GenericRecord Read(Schema schema, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        GenericRecord record = new GenericDatumReader<GenericRecord>(schema, schema).Read(null!, new BinaryDecoder(stream));
        Assert.Equal(bytes.Length, stream.Position);
        return record;
    }

    internal static string Json(FieldDictionary dictionary, Sessions3Options options, SpiFields values) =>
        Json(dictionary, options, new SpiRow(dictionary), values);

    internal static string Json(FieldDictionary dictionary, Sessions3Options options, SpiRow row, SpiFields session)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new Sessions3Writer(options, dictionary).Write(row, session, buffer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
