using System.Buffers;
using System.Text;
using System.Text.Json;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class ConsumeTests : IDisposable
{
    private static readonly UInt128 Mapped = new(0, 0xFFFF_0000_0000);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TheTableIsTheSameFromAvroAndFromJson(bool isAvro)
    {
        CommandRun run = await CommandRun.OfAsync("consume", "--from", isAvro ? Container(2) : Lines(2));
        Assert.Equal(0, run.Status);
        string[] lines = run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.Matches("^Start .* Seconds +Protocols +Source +Destination +Packets +Bytes +End$", lines[0]);
        Assert.Matches(@"^2024-05-01 12:00:00\.123 +1\.500 +tcp http +10\.0\.0\.1:1000 +\[2001:db8::1\]:80 +7 +4200  fin$", lines[1]);
        Assert.Contains(" 10.0.0.1:1001 ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AvroIsShownAsSessions3AsTheRecordWasMade()
    {
        string file = Container(3);
        CommandRun run = await CommandRun.OfAsync("consume", "--from", file, "--format", "sessions3");
        Assert.Equal(await File.ReadAllTextAsync(Lines(3), TestContext.Current.CancellationToken), run.Out);
    }

    [Fact]
    public async Task JsonHasTheNamesOfTheSchema()
    {
        CommandRun run = await CommandRun.OfAsync("consume", "--from", "avro:" + Container(1), "--format", "json");
        string line = Assert.Single(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        using JsonDocument json = JsonDocument.Parse(line);
        Assert.Equal("10.0.0.1", json.RootElement.GetProperty("source").GetProperty("ip").GetString());
        Assert.Equal(1000, json.RootElement.GetProperty("source").GetProperty("port").GetInt32());
        Assert.Equal(["tcp", "http"], json.RootElement.GetProperty("protocols").EnumerateArray().Select(name => name.GetString()!));
        Assert.True(json.RootElement.GetProperty("final").GetBoolean());
        JsonElement position = Assert.Single(json.RootElement.GetProperty("packet_pos").EnumerateArray());
        Assert.Equal("0123456789abcdef", position.GetProperty("source").GetString());
        Assert.Equal([24, 100], position.GetProperty("gaps").EnumerateArray().Select(gap => gap.GetInt64()));
        Assert.Equal("x", json.RootElement.GetProperty("custom").GetProperty("plugin.a").GetString());
    }

    [Fact]
    public async Task JsonStaysAsItIs()
    {
        string file = Lines(2);
        CommandRun run = await CommandRun.OfAsync("consume", "--from", file, "--format", "json");
        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), run.Out);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(700)]
    public async Task CountStops(int count)
    {
        foreach (string file in (string[])[Container(1500), Lines(1500)])
        {
            CommandRun run = await CommandRun.OfAsync("consume", "--from", file, "--format", "json", "-n", $"{count}");
            Assert.Equal(0, run.Status);
            Assert.Equal(count, run.Out.Count(c => c == '\n'));
        }
    }

    [Fact]
    public async Task AnEmptyFileIsAnEmptyTable()
    {
        CommandRun run = await CommandRun.OfAsync("consume", "--from", _folder.Write("empty", []));
        Assert.Equal(0, run.Status);
        Assert.Single(run.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task WhatComesBeforeDamageIsShown()
    {
        byte[] container = await File.ReadAllBytesAsync(Container(600), TestContext.Current.CancellationToken);
        string file = _folder.Write("cut.avro", container.AsSpan(0, container.Length - 5));
        CommandRun run = await CommandRun.OfAsync("consume", "--from", file, "--format", "json");
        Assert.Equal(1, run.Status);
        Assert.NotEqual(0, run.Out.Count(c => c == '\n'));
        Assert.StartsWith("flowpipe: " + file, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task LinesThatAreNoRecordsAreNamedAndPassedOver()
    {
        byte[] good = await File.ReadAllBytesAsync(Lines(1), TestContext.Current.CancellationToken);
        string file = _folder.Write("mixed.json", [.. good, .. "nonsense\n{\"open\": \n[1]\n"u8, .. good]);
        foreach (string format in (string[])["table", "json", "sessions3"])
        {
            CommandRun run = await CommandRun.OfAsync("consume", "--from", file, "--format", format);
            Assert.Equal(1, run.Status);
            Assert.Equal(format == "table" ? 3 : 2, run.Out.Count(c => c == '\n'));
            string[] errors = run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(3, errors.Length);
            Assert.Contains($"{file}:2:", errors[0], StringComparison.Ordinal);
            Assert.Contains($"{file}:3:", errors[1], StringComparison.Ordinal);
            Assert.Contains($"{file}:4:", errors[2], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AContainerWithoutBytesForItsRecordsDoesNotHang()
    {
        using var file = new MemoryStream();
        using (
            var writer = new AvroContainerWriter(file, """{"type":"record","name":"Session","namespace":"flowpipe.spi.v1","fields":[]}""")
        )
        {
            writer.Append([]);
            writer.FlushBlock();
        }
        CommandRun run = await CommandRun.OfAsync("consume", "--from", _folder.Write("none.avro", file.ToArray()));
        Assert.Equal(1, run.Status);
        Assert.Contains("none.avro", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void MessagesAreToldApart()
    {
        using var decoder = new MessageDecoder();
        StoredRecord Decode(ReadOnlyMemory<byte> value)
        {
            List<StoredRecord> records = [];
            decoder.Decode("a", value, records, TestContext.Current.CancellationToken);
            return Assert.Single(records);
        }
        byte[] avro = new AvroSingleObject(SessionSchema.Json).Frame(Encode(Record(0)));
        Assert.NotNull(Decode(avro).Values);
        Assert.Equal("{}"u8.ToArray(), Decode("{}"u8.ToArray()).Json.ToArray());
        Assert.Contains("empty", Decode(default).Fault, StringComparison.Ordinal);
        Assert.Contains("schema 7", Decode(new byte[] { 0, 0, 0, 0, 7, 1 }).Fault, StringComparison.Ordinal);
        Assert.Contains("fingerprint", Decode(new byte[] { 0xC3, 1, 1, 2, 3, 4, 5, 6, 7, 8 }).Fault, StringComparison.Ordinal);
        Assert.NotNull(Decode(new byte[] { 0xC3, 1 }).Fault);
        Assert.NotNull(Decode(avro.AsMemory(0, avro.Length - 1)).Fault);
        Assert.NotNull(Decode(new byte[] { 9 }).Fault);
    }

    [Fact]
    public void ABulkMessageHoldsSeveralRecords()
    {
        using var decoder = new MessageDecoder();
        List<StoredRecord> records = [];
        ReadOnlyMemory<byte> value = "{\"index\":{\"_id\":\"1\"}}\n{\"a\":1}\n{\"index\":{}}\n{\"a\":2}\n{\"index\":{}}\n"u8.ToArray();
        decoder.Decode("a", value, records, TestContext.Current.CancellationToken);
        Assert.Equal(3, records.Count);
        Assert.Equal("{\"a\":2}"u8.ToArray(), records[1].Json.ToArray());
        Assert.NotNull(records[2].Fault);
    }

    [Fact]
    public void AnotherBuildsRecordsAreReadWithTheirSchema()
    {
        const string Schema =
            """{"type":"record","name":"Session","namespace":"flowpipe.spi.v1","fields":[{"name":"node","type":"string"}]}""";
        const string Foreign = """{"type":"record","name":"Other","fields":[{"name":"node","type":"string"}]}""";
        using var decoder = new MessageDecoder();
        decoder.Add(Schema, "x.avsc");
        decoder.Add(Foreign, "y.avsc");
        List<StoredRecord> records = [];
        decoder.Decode("a", new AvroSingleObject(Schema).Frame([2, (byte)'n']), records, TestContext.Current.CancellationToken);
        decoder.Decode("a", new AvroSingleObject(Foreign).Frame([2, (byte)'n']), records, TestContext.Current.CancellationToken);
        Assert.NotNull(records[0].Values);
        Assert.Equal("Other", records[1].ForeignName);
        Assert.Equal("{\"node\":\"n\"}"u8.ToArray(), records[1].Json.ToArray());
        Assert.Throws<FlowPipe.Core.FlowPipeException>(() => decoder.Add("{", "z.avsc"));
    }

    [Theory]
    [InlineData("port.src == 1001", 1)]
    [InlineData("port.src >= 1001", 2)]
    [InlineData("end_reason", 3)]
    public async Task OnlyWhatTheFilterTakesIsShown(string where, int count)
    {
        foreach (string file in (string[])[Container(3), Lines(3)])
        {
            CommandRun run = await CommandRun.OfAsync("consume", "--from", file, "--format", "json", "--where", where);
            Assert.Equal(0, run.Status);
            Assert.Equal(count, run.Out.Count(c => c == '\n'));
        }
    }

    [Theory]
    [InlineData("--where", "port.src =", "'=' alone")]
    [InlineData("--group", "g", "works with topics only")]
    [InlineData("--since", "1h", "works with topics only")]
    [InlineData("--schema", "x.avsc", "works with topics only")]
    public async Task OptionsThatMakeNoSenseAreRefused(string option, string value, string words) =>
        (await CommandRun.OfAsync("consume", "--from", Lines(1), option, value)).AssertFailed(2, words);

    [Theory]
    [InlineData("kafka://a/t --group g --since 1h", "leave out --partition, --since and --until")]
    [InlineData("kafka://a/t --follow --until 1h", "leave out --until")]
    [InlineData("kafka://a/t --since yesterday", "this is no time")]
    [InlineData("kafka://a/t --partition -1", "from 0")]
    [InlineData("kafka://a/t?registry=x", "no registry's address")]
    public async Task TopicsAreReadInWaysThatMakeSense(string line, string words) =>
        (await CommandRun.OfAsync(["consume", "--from", .. line.Split(' ')])).AssertFailed(2, words);

    [Fact]
    public void TimesAreDatesOrSoLongAgo()
    {
        var now = new DateTime(2026, 5, 1, 12, 0, 0, DateTimeKind.Utc);
        Assert.Equal(now.AddMinutes(-90), TimePoint.Parse("--since", "1.5h", now));
        Assert.Equal(now.AddSeconds(-5), TimePoint.Parse("--since", "5s", now));
        Assert.Equal(now.AddDays(-2), TimePoint.Parse("--since", "2d", now));
        Assert.Equal(now.AddHours(-2), TimePoint.Parse("--since", "2026-05-01T12:00:00+02:00", now));
        Assert.Equal(new DateTime(2026, 4, 30, 0, 0, 0, DateTimeKind.Utc), TimePoint.Parse("--since", "2026-04-30", now));
        foreach (string text in (string[])["", "h", "-5s", "1e9d", "1960-01-01", "5w"])
            Assert.Throws<FlowPipe.Core.FlowPipeException>(() => TimePoint.Parse("--since", text, now));
    }

    [Fact]
    public void WhatATerminalWouldObeyIsNotShown()
    {
        SessionRow row = SessionRow.FromSessions3(
            "{\"protocol\":[\"\\u001b[2J\\u009b\"],\"source\":{\"ip\":\"\\u0007\"},\"firstPacket\":9223372036854775807}"u8.ToArray()
        );
        Assert.All(row.Cells(), cell => Assert.DoesNotContain(cell, char.IsControl));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void RowsThatComeLaterStandBelow(bool isTerminal)
    {
        var run = new CommandRun(isTerminal: isTerminal);
        var table = new TextTable([new("Name", Least: 6), new("Count", IsNumber: true), new("End")]);
        foreach (string name in (string[])["one", "two", "[three]"])
        {
            table.Add([name, "1", "end"]);
            table.Write(run.Context);
        }
        string[] lines =
        [
            .. run
                .Out.Split('\n')
                .Where(line => line.Contains("end", StringComparison.Ordinal) || line.Contains("End", StringComparison.Ordinal)),
        ];
        Assert.Equal(4, lines.Length);
        Assert.Contains("[three]", lines[3], StringComparison.Ordinal);
        Assert.Equal(lines[1].IndexOf("end", StringComparison.Ordinal), lines[2].IndexOf("end", StringComparison.Ordinal));
    }

    private string Container(int records)
    {
        using var file = new MemoryStream();
        using (var writer = new AvroContainerWriter(file, SessionSchema.Json))
        {
            for (int i = 0; i < records; i++)
            {
                writer.Append(Encode(Record(i)));
                if (i % 100 == 99)
                    writer.FlushBlock();
            }
            writer.FlushBlock();
        }
        return _folder.Write(Guid.NewGuid() + ".avro", file.ToArray());
    }

    private string Lines(int records)
    {
        var writer = new Sessions3Writer();
        var buffer = new ArrayBufferWriter<byte>();
        for (int i = 0; i < records; i++)
        {
            writer.Write(new SpiRow(), Record(i), buffer);
            buffer.Write("\n"u8);
        }
        return _folder.Write(Guid.NewGuid() + ".json", buffer.WrittenSpan);
    }

    private static byte[] Encode(SpiFields values)
    {
        byte[] record = new byte[4096];
        Assert.True(new SpiRecordEncoder().TryEncode(new SpiRow(), values, record, out int written));
        return record[..written];
    }

    private static SpiFields Record(int number)
    {
        FieldDictionary fields = FieldDictionary.Default;
        var values = new SpiFields();
        long first = new DateTimeOffset(2024, 5, 1, 12, 0, 0, 123, TimeSpan.Zero).ToUnixTimeMilliseconds();
        values.Add(fields["first_packet"], first);
        values.Add(fields["last_packet"], first + 1500);
        values.Add(fields["length"], 1500);
        values.Add(fields["final"], 1);
        values.Add(fields["end_reason"], "fin"u8);
        values.Add(fields["protocols"], "tcp"u8);
        values.Add(fields["protocols"], "http"u8);
        values.AddIp(fields["ip.src"], Mapped | 0x0A000001);
        values.Add(fields["port.src"], 1000 + number);
        values.AddIp(fields["ip.dst"], new UInt128(0x20010DB8_00000000, 1));
        values.Add(fields["port.dst"], 80);
        values.Add(fields["packets"], 7);
        values.Add(fields["bytes"], 4200);
        values.Begin(fields["packet_pos"]);
        values.Add(fields["packet_pos.source"], Encoding.ASCII.GetBytes("0123456789abcdef"));
        values.AddPacked(fields["packet_pos.gaps"], 2, [48, 0xC8, 1]);
        values.End(fields["packet_pos"]);
        values.AddEntry(fields["custom"], "plugin.a"u8, "x"u8);
        return values;
    }
}
