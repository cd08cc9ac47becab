using System.Diagnostics;
using System.Text;
using Avro.File;
using Avro.Generic;
using CsCheck;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class AvroContainerTests
{
    public static readonly TheoryData<AvroCodec> Codecs = [AvroCodec.Null, AvroCodec.Deflate, AvroCodec.Zstandard];

    [Theory]
    [MemberData(nameof(Codecs))]
    public void What_is_written_is_read_back_whatever_the_sizes_of_records_and_blocks(AvroCodec codec)
    {
        Gen.Select(Gen.Int[0, 300].Array[0, 60], Gen.Int[1, 1000])
            .Sample(
                (sizes, blockSize) =>
                {
                    using var file = new MemoryStream();
                    byte[] expected = Write(file, sizes, codec, blockSize);
                    file.Position = 0;
                    using var reader = new AvroContainerReader(file);
                    Assert.Equal(TestRecords.Schema, reader.Schema);
                    var read = new MemoryStream();
                    long records = 0;
                    while (reader.TryRead(out AvroBlock block))
                    {
                        records += block.Count;
                        read.Write(block.Data.Span);
                    }

                    Assert.Equal(sizes.Length, records);
                    Assert.Equal(expected, read.ToArray());
                },
                iter: 50
            );
    }

    [Theory]
    [InlineData(AvroCodec.Null)]
    [InlineData(AvroCodec.Deflate)]
    public void Apache_Avro_reads_it(AvroCodec codec)
    {
        using var folder = new TestFolder();
        string path = folder.File("a.avro");
        WriteFile(path, 5000, codec);
        using IFileReader<GenericRecord> reader = DataFileReader<GenericRecord>.OpenReader(path);
        int number = 0;
        foreach (GenericRecord record in reader.NextEntries)
        {
            Assert.Equal((long)number, record["number"]);
            Assert.Equal(TestRecords.TextOf(number, 20), record["text"]);
            number++;
        }

        Assert.Equal(5000, number);
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Python_reads_it(AvroCodec codec)
    {
        const string Script = """
            import sys, avro.codecs, avro.datafile, avro.io
            reader = avro.datafile.DataFileReader(open(sys.argv[1], 'rb'), avro.io.DatumReader())
            if reader.codec not in avro.codecs.KNOWN_CODECS:
                print('UNSUPPORTED'); sys.exit()
            n = 0
            for record in reader:
                assert record == {'number': n, 'text': chr(97 + n % 26) * 20}, record
                n += 1
            print(n)
            """;
        using var folder = new TestFolder();
        string path = folder.File("p.avro");
        WriteFile(path, 3000, codec);
        string output = Python(Script, path);
        Assert.SkipWhen(output == "UNSUPPORTED", "python3-avro lacks this codec");
        Assert.Equal("3000", output);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("deflate")]
    public void We_read_what_Apache_Avro_writes(string codec)
    {
        using var folder = new TestFolder();
        string path = folder.File("w.avro");
        var schema = (Avro.RecordSchema)Avro.Schema.Parse(TestRecords.Schema);
        using (
            IFileWriter<GenericRecord> writer = DataFileWriter<GenericRecord>.OpenWriter(
                new GenericDatumWriter<GenericRecord>(schema),
                path,
                Codec.CreateCodecFromString(codec)
            )
        )
        {
            for (int i = 0; i < 2000; i++)
            {
                var record = new GenericRecord(schema);
                record.Add("number", (long)i);
                record.Add("text", TestRecords.TextOf(i, 20));
                writer.Append(record);
            }
        }

        using FileStream file = File.OpenRead(path);
        using var reader = new AvroContainerReader(file);
        var read = new MemoryStream();
        long records = 0;
        while (reader.TryRead(out AvroBlock block))
        {
            records += block.Count;
            read.Write(block.Data.Span);
        }

        Assert.Equal(2000, records);
        Assert.Equal(Enumerable.Range(0, 2000).SelectMany(i => TestRecords.AvroOf(i)).ToArray(), read.ToArray());
    }

    [Fact]
    public void A_sync_marker_is_random_unless_given()
    {
        byte[] sync = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        Assert.Equal(HeaderOf(sync), HeaderOf(sync));
        Assert.True(HeaderOf(sync).AsSpan().EndsWith(sync));
        Assert.NotEqual(HeaderOf([]), HeaderOf([]));
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void Damage_is_an_InvalidDataException_and_never_anything_else(AvroCodec codec)
    {
        using var file = new MemoryStream();
        Write(file, [.. Enumerable.Repeat(50, 40)], codec, 300);
        byte[] good = file.ToArray();
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length])
            .Sample(
                (at, value, length) =>
                {
                    byte[] bad = good[..length];
                    if (at < length)
                    {
                        bad[at] = value;
                    }

                    try
                    {
                        using var reader = new AvroContainerReader(new MemoryStream(bad));
                        while (reader.TryRead(out _)) { }
                    }
                    catch (InvalidDataException e)
                    {
                        Assert.NotEmpty(e.Message);
                    }
                },
                iter: 2000
            );
    }

    [Theory]
    [MemberData(nameof(Codecs))]
    public void A_file_cut_anywhere_is_readable_up_to_its_last_whole_block(AvroCodec codec)
    {
        using var file = new MemoryStream();
        Write(file, [.. Enumerable.Repeat(50, 40)], codec, 300);
        byte[] whole = file.ToArray();
        var offsets = new List<long>();
        using (var reader = new AvroContainerReader(new MemoryStream(whole)))
        {
            while (reader.TryRead(out AvroBlock block))
            {
                offsets.Add(block.Offset);
            }
        }

        offsets.Add(whole.Length);
        for (int length = (int)offsets[0]; length < whole.Length; length++)
        {
            using var reader = new AvroContainerReader(new MemoryStream(whole, 0, length));
            int blocks = 0;
            bool atBoundary = offsets.Contains(length);
            try
            {
                while (reader.TryRead(out _))
                {
                    blocks++;
                }

                Assert.True(atBoundary, $"cut at {length} went unnoticed");
            }
            catch (InvalidDataException e)
            {
                Assert.False(atBoundary);
                Assert.Contains("cut short at byte", e.Message, StringComparison.Ordinal);
            }

            Assert.Equal(offsets.Count(offset => offset <= length) - 1, blocks);
        }
    }

    [Theory]
    [InlineData("snappy")]
    [InlineData("xz")]
    public void An_unknown_codec_is_named(string codec)
    {
        var file = new MemoryStream();
        file.Write("Obj\u0001\u0004\u0016avro.schema"u8);
        file.WriteByte((byte)(2 * 6));
        file.Write("\"long\"\u0014avro.codec"u8);
        file.WriteByte((byte)(2 * codec.Length));
        file.Write(Encoding.ASCII.GetBytes(codec));
        file.WriteByte(0);
        file.Write(new byte[16]);
        file.Position = 0;
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new AvroContainerReader(file));
        Assert.Contains($"'{codec}'", e.Message, StringComparison.Ordinal);
        Assert.Contains("null, deflate, zstandard", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AvroCodec.Deflate)]
    [InlineData(AvroCodec.Zstandard)]
    public void A_block_that_grows_without_end_is_refused(AvroCodec codec)
    {
        using var file = new MemoryStream();
        using (var writer = new AvroContainerWriter(file, TestRecords.Schema, codec))
        {
            writer.Append(new byte[AvroContainerReader.BlockLengthMax + 1]);
            writer.FlushBlock();
        }

        Assert.True(file.Length < 1_000_000);
        file.Position = 0;
        using var reader = new AvroContainerReader(file);
        InvalidDataException e = Assert.Throws<InvalidDataException>(() => reader.TryRead(out _));
        Assert.Contains("or beyond when decompressed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fingerprints_are_those_of_the_specification()
    {
        // Of the canonical form of "int", as the test cases that come with the specification have it.
        Assert.Equal(0x7275d51a3f395c8fUL, AvroSingleObject.FingerprintOf("\"int\""));
        Assert.Equal(AvroSingleObject.FingerprintOf("\"int\""), AvroSingleObject.FingerprintOf("""{"type":"int"}"""));
    }

    [Fact]
    public void Python_computes_the_same_fingerprint()
    {
        const string Script = """
            import sys, avro.schema
            schema = avro.schema.parse(open(sys.argv[1]).read())
            print(schema.fingerprint('CRC-64-AVRO').hex() if hasattr(schema, 'fingerprint') else 'UNSUPPORTED')
            """;
        using var folder = new TestFolder();
        string path = folder.File("s.avsc");
        File.WriteAllText(path, TestRecords.Schema);
        string output = Python(Script, path);
        Assert.SkipWhen(output == "UNSUPPORTED", "this python3-avro knows no fingerprints");
        Assert.Equal(output, new AvroSingleObject(TestRecords.Schema).Fingerprint);
    }

    [Fact]
    public void A_framed_record_is_unframed_by_the_same_schema_only()
    {
        var framing = new AvroSingleObject(TestRecords.Schema);
        byte[] framed = framing.Frame([1, 2, 3]);
        Assert.Equal([0xC3, 0x01], framed[..2]);
        Assert.True(framing.TryUnframe(framed, out ReadOnlyMemory<byte> record));
        Assert.Equal([1, 2, 3], record.ToArray());
        Assert.False(new AvroSingleObject("\"int\"").TryUnframe(framed, out _));
        Assert.False(framing.TryUnframe(framed.AsMemory(0, 9), out _));
    }

    private static byte[] HeaderOf(byte[] sync)
    {
        using var file = new MemoryStream();
        new AvroContainerWriter(file, TestRecords.Schema, sync: sync).Dispose();
        return file.ToArray();
    }

    private static byte[] Write(MemoryStream file, int[] sizes, AvroCodec codec, int blockSize)
    {
        var all = new MemoryStream();
        using var writer = new AvroContainerWriter(file, TestRecords.Schema, codec, blockSize: blockSize);
        for (int i = 0; i < sizes.Length; i++)
        {
            byte[] record = new byte[sizes[i]];
            new Random(i).NextBytes(record);
            writer.Append(record);
            all.Write(record);
        }

        writer.FlushBlock();
        Assert.Equal(sizes.Length, writer.RecordsWritten);
        Assert.Equal(all.Length, writer.RecordBytesWritten);
        return all.ToArray();
    }

    private static void WriteFile(string path, int records, AvroCodec codec)
    {
        using FileStream file = File.Create(path);
        using var writer = new AvroContainerWriter(file, TestRecords.Schema, codec);
        for (int i = 0; i < records; i++)
        {
            writer.Append(TestRecords.AvroOf(i));
        }

        writer.FlushBlock();
    }

    private static string Python(string script, string argument)
    {
        const string Interpreter = "/usr/bin/python3";
        Assert.SkipUnless(File.Exists(Interpreter), "no python3");
        Assert.SkipUnless(Run(Interpreter, "import avro.datafile", "").Status == 0, "no python3-avro");
        (int status, string output, string error) = Run(Interpreter, script, argument);
        Assert.True(status == 0, error);
        return output;
    }

    private static (int Status, string Output, string Error) Run(string program, string script, string argument)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, ["-c", script, argument])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Trim(), error.Result);
    }
}
