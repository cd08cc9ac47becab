using Avro;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class SessionSchemaTests
{
    [Fact]
    public void CommittedSchemaIsThatOfTheDictionary() =>
        Assert.True(
            SessionSchema.Json == File.ReadAllText(Repository.Path("src", "Schemas", "session.avsc")),
            "src/Schemas/session.avsc is stale. Regenerate it with: flowpipe schema > src/Schemas/session.avsc"
        );

    [Fact]
    public void FieldTableInTheDocumentsIsThatOfTheDictionary()
    {
        string path = Repository.Path("docs", "records.md");
        string document = File.ReadAllText(path);
        string current = FieldTable.Update(document, FieldDictionary.Default);
        if (Environment.GetEnvironmentVariable("FLOWPIPE_UPDATE_DOCS") == "1")
            File.WriteAllText(path, document = current);
        Assert.True(
            current == document,
            "The table of fields in docs/records.md is stale. Regenerate it by running this test once with FLOWPIPE_UPDATE_DOCS=1"
        );
    }

    [Fact]
    public void SchemaIsCompatibleWithEveryReleasedOneInBothDirections()
    {
        string[] released = Directory.GetFiles(Repository.Path("src", "Schemas", "released"), "*.avsc");
        Assert.NotEmpty(released);
        foreach (string path in released)
        {
            IReadOnlyList<string> problems = SchemaCompatibility.CheckBoth(SessionSchema.Parsed, Schema.Parse(File.ReadAllText(path)));
            Assert.True(problems.Count == 0, $"{Path.GetFileName(path)}: {string.Join("; ", problems)}");
        }
    }

    [Fact]
    public void RecordsAreDecodedAcrossReleases()
    {
        var values = new SpiFields();
        new ModelRecord().Fill(FieldDictionary.Default, values, new Random(7), 200);
        byte[] bytes = RecordRoundTripTests.Encode(FieldDictionary.Default, values);
        foreach (string path in Directory.GetFiles(Repository.Path("src", "Schemas", "released"), "*.avsc"))
        {
            // a consumer that holds the released schema reads today's records
            Schema released = Schema.Parse(File.ReadAllText(path));
            using var stream = new MemoryStream(bytes);
            GenericRecord old = new GenericDatumReader<GenericRecord>(SessionSchema.Parsed, released).Read(
                null!,
                new BinaryDecoder(stream)
            );
            Assert.Equal(bytes.Length, stream.Position);

            // and today's consumer the records of then
            using var written = new MemoryStream();
            new GenericDatumWriter<GenericRecord>(released).Write(old, new BinaryEncoder(written));
            var decoded = new SpiFields();
            new SpiRecordDecoder(File.ReadAllText(path)).Decode(written.ToArray(), decoded);
            Assert.False(decoded.IsEmpty);
        }
    }

    [Fact]
    public void RecordsOfASchemaWithMoreOrFewerFieldsAreRead()
    {
        const string Header = "name\tsessions3\tavro\ttype\tflags\thelp\n";
        const string Old =
            "a\ta\ta\tint\tdefault=-1\ta\nr\tr\tr\trecordset\t-\tr\nr.x\tr[].x\tr[].x\tutf8\t-\tx\ng.x\tg.x\tg.x\tint\talways\tx\n";
        const string Added =
            "b\tb\tb\tlong\tdefault=-1\tb\nr.y\tr[].y\tr[].y\tipset\t-\ty\ng.y\tg.y\tg.y\tutf8set\t-\ty\nh.z\th.z\th.z\tint\t-\tz\nm\tm\tm\tmap\t-\tm\nd\td\td\tdouble\t-\td\n";
        var older = new FieldDictionary(Header + Old);
        var newer = new FieldDictionary(Header + Old + Added);
        Schema oldSchema = Schema.Parse(SessionSchema.ToJson(older));
        Schema newSchema = Schema.Parse(SessionSchema.ToJson(newer));
        Assert.Empty(SchemaCompatibility.CheckBoth(oldSchema, newSchema));

        SpiFields Fill(FieldDictionary dictionary)
        {
            var values = new SpiFields();
            values.Add(dictionary["a"], 5);
            values.Add(dictionary["g.x"], 0);
            values.Begin(dictionary["r"]);
            values.Add(dictionary["r.x"], "in"u8);
            values.End(dictionary["r"]);
            return values;
        }
        SpiFields added = Fill(newer);
        added.Add(newer["b"], 1);
        added.Add(newer["g.y"], "more"u8);
        added.AddEntry(newer["m"], "k"u8, "v"u8);

        var toOld = new SpiFields();
        new SpiRecordDecoder(newSchema, oldSchema, older).Decode(RecordRoundTripTests.Encode(newer, added), toOld);
        var toNew = new SpiFields();
        new SpiRecordDecoder(oldSchema, newSchema, newer).Decode(RecordRoundTripTests.Encode(older, Fill(older)), toNew);
        var options = new Sessions3Options();
        string expected = RecordRoundTripTests.Json(older, options, Fill(older));
        Assert.Equal("""{"a":5,"r":[{"x":"in"}],"g":{"x":0}}""", expected);
        Assert.Equal(expected, RecordRoundTripTests.Json(older, options, toOld));
        Assert.Equal(expected, RecordRoundTripTests.Json(newer, options, toNew));
    }

    [Fact]
    public void FingerprintIsTheSpecificationsCrc64()
    {
        // "int" is the example that every implementation of Avro tests with
        Assert.Equal(0x7275d51a3f395c8fUL, Crc64("\"int\""u8));
        string canonical = SchemaNormalization.ToParsingForm(SessionSchema.Parsed);
        Assert.Equal(Crc64(System.Text.Encoding.UTF8.GetBytes(canonical)), BitConverter.ToUInt64(SessionSchema.Fingerprint));
    }

    [Fact]
    public void EveryFieldHasADefaultAndADoc()
    {
        void Check(RecordSchema record)
        {
            foreach (Field field in record.Fields)
            {
                Assert.NotNull(field.DefaultValue);
                Assert.NotEmpty(field.Documentation);
                Schema inner = field.Schema is ArraySchema array ? array.ItemSchema : field.Schema;
                if (inner is UnionSchema union)
                {
                    Assert.Equal(Schema.Type.Null, union.Schemas[0].Tag);
                    inner = Assert.IsType<RecordSchema>(union.Schemas[1]);
                    Assert.Equal(2, union.Count);
                }
                if (inner is RecordSchema group)
                    Check(group);
            }
        }
        Check((RecordSchema)SessionSchema.Parsed);
    }

    [Fact]
    public void ArkimesNameIsThereWhereItDiffers()
    {
        var source = (RecordSchema)((UnionSchema)((RecordSchema)SessionSchema.Parsed)["source"].Schema)[1];
        Assert.Equal("\"ip.src\"", source["ip"].GetProperty("arkime.name"));
        Assert.Null(((RecordSchema)SessionSchema.Parsed)["ethertype"].GetProperty("arkime.name"));
    }

    /// <summary>The Rabin fingerprint as the specification's section "Schema Fingerprints" defines it, bit by bit.</summary>
    private static ulong Crc64(ReadOnlySpan<byte> bytes)
    {
        const ulong Empty = 0xc15d213aa4d7a795;
        ulong fingerprint = Empty;
        foreach (byte b in bytes)
        {
            ulong entry = (fingerprint ^ b) & 0xff;
            for (int bit = 0; bit < 8; bit++)
                entry = (entry >> 1) ^ ((entry & 1) == 0 ? 0 : Empty);
            fingerprint = (fingerprint >> 8) ^ entry;
        }
        return fingerprint;
    }
}
