using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed class ExtractTests : IDisposable
{
    private static readonly string Dns = Executable.Sample("dns.pcap");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Captures() =>
        [
            .. Directory
                .EnumerateFiles(Repository.Path("samples"), "*.pcap*")
                .Select(static path => Path.GetFileName(path))
                .Where(static name => !name.EndsWith(".pcapng", StringComparison.Ordinal)),
        ];

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task AllRecordsOfACaptureGiveItsPacketsBack(string sample)
    {
        string capture = Executable.Sample(sample);
        string avro = In("r.avro");
        string lines = In("r.json");
        (await Executable.RunAsync("replay", "--quiet", "-r", capture, "--to", $"avro:{avro}", "--to", $"ndjson:{lines}")).Succeeded();
        string names = In("names.json");
        await File.WriteAllTextAsync(
            names,
            (await Executable.RunAsync("consume", "--from", avro, "--format", "json")).Succeeded().Out,
            TestContext.Current.CancellationToken
        );
        // Every packet of the samples has a session.
        var packets = PlainPcap.Read(capture).OrderBy(static packet => packet.Ns).ToList();
        foreach (string records in (string[])[avro, lines, names])
        {
            string output = In("out.pcap");
            ProgramResult run = (await Executable.RunAsync("extract", records, "-w", output)).Succeeded();
            Assert.Equal(packets, PlainPcap.Read(output));
            Assert.Contains($"{packets.Count} packets of ", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ARecordIsFoundByItsIdAndItsPacketsGoToStdout()
    {
        JsonElement record = Documents.Parse(await RecordsAsync(Dns))[3];
        string id = record.GetProperty("flowpipe").GetProperty("id").GetString()!;
        ProgramResult run = (await Executable.RunAsync("extract", In("records.json"), "--id", id)).Succeeded();
        Assert.Equal(record.GetProperty("packetLen").EnumerateArray().Sum(static length => length.GetInt32()) + 24, run.OutBytes.Length);
        Assert.Contains(" of 1 records", run.Error, StringComparison.Ordinal);

        ProgramResult none = (await Executable.RunAsync("extract", In("records.json"), "--id", Guid.Empty.ToString())).Ended(1);
        Assert.Contains("there is no record with such an id", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RecordsAreChosenByAnExpression()
    {
        List<JsonElement> records = Documents.Parse(await RecordsAsync(Dns));
        JsonElement[] udp = [.. records.Where(static record => record.GetProperty("ipProtocol").GetInt32() == 17)];
        string output = In("udp.pcap");
        (await Executable.RunAsync("extract", In("records.json"), "--where", "ip.protocol == 17", "-w", output)).Succeeded();
        Assert.Equal(udp.Sum(static record => record.GetProperty("packetLen").GetArrayLength()), PlainPcap.Read(output).Count);
        Assert.NotEqual(records.Count, udp.Length);
    }

    [Fact]
    public async Task PacketsOfSeveralCapturesAreInOrderOfTime()
    {
        string[] samples = [Executable.Sample("tls.pcap"), Dns, Executable.Sample("ftp.pcap.gz")];
        await RecordsAsync(samples);
        string output = In("all.pcap");
        (await Executable.RunAsync("extract", In("records.json"), "-w", output)).Succeeded();
        var packets = PlainPcap.Read(output);
        Assert.Equal(packets.OrderBy(static packet => packet.Ns), packets);
        Assert.Equal(samples.Sum(static sample => PlainPcap.Read(sample).Count), packets.Count);
    }

    [Fact]
    public async Task PcapngHoldsTheSamePackets()
    {
        await RecordsAsync(Dns);
        string output = In("out.pcapng");
        (await Executable.RunAsync("extract", In("records.json"), "--format", "pcapng", "-w", output)).Succeeded();
        string again = In("again.json");
        (await Executable.RunAsync("replay", "--quiet", "-r", output, "--to", $"ndjson:{again}", "--positions", "none")).Succeeded();
        string before = (await Executable.RunAsync("replay", "--quiet", "-r", Dns, "--to", "ndjson:-", "--positions", "none"))
            .Succeeded()
            .Out;
        Assert.Equal(WithoutIdentity(before), WithoutIdentity(await File.ReadAllTextAsync(again, TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task AMovedCaptureIsFoundUnderItsNewFolder()
    {
        string capture = Copy(Dns, "a/b/dns.pcap");
        await RecordsAsync(capture);
        Directory.CreateDirectory(In("moved/b"));
        File.Move(capture, In("moved/b/dns.pcap"));

        ProgramResult missing = (await Executable.RunAsync("extract", In("records.json"), "-w", In("o.pcap"))).Ended(1);
        Assert.Contains(
            $"{capture} is not there: {Samples.Packets("dns.pcap")} packets of it can't be had",
            missing.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("--root", missing.Error, StringComparison.Ordinal);
        Assert.Empty(PlainPcap.Read(In("o.pcap")));

        (await Executable.RunAsync("extract", In("records.json"), "-w", In("o.pcap"), "--root", In("moved"))).Succeeded();
        Assert.Equal(Samples.Packets("dns.pcap"), PlainPcap.Read(In("o.pcap")).Count);
    }

    [Fact]
    public async Task ACaptureThatWasReplacedIsNoticedAndTheRestIsGiven()
    {
        string one = Copy(Dns, "one.pcap");
        string two = Copy(Executable.Sample("ntp.pcap"), "two.pcap");
        string avro = In("both.avro");
        (await Executable.RunAsync("replay", "--quiet", "-r", one, "-r", two, "--to", $"avro:{avro}")).Succeeded();
        File.Copy(Executable.Sample("tls.pcap"), one, overwrite: true);
        ProgramResult run = (await Executable.RunAsync("extract", avro, "-w", In("o.pcap"))).Ended(1);
        Assert.Contains($"{one} is not the capture that the records were made from", run.Error, StringComparison.Ordinal);
        Assert.Equal(PlainPcap.Read(two), PlainPcap.Read(In("o.pcap")));
    }

    [Fact]
    public async Task LengthsThatAreNotOneAPacketAreNotBelieved()
    {
        IEnumerable<string> records = (await RecordsAsync(Dns)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await File.WriteAllLinesAsync(In("some.json"), records.Select(WithoutFirstLength), TestContext.Current.CancellationToken);
        (await Executable.RunAsync("extract", In("some.json"), "-w", In("o.pcap"))).Succeeded();
        Assert.Equal(Samples.Packets("dns.pcap"), PlainPcap.Read(In("o.pcap")).Count);

        static string WithoutFirstLength(string record)
        {
            JsonNode document = JsonNode.Parse(record)!;
            document["packetLen"]!.AsArray().RemoveAt(0);
            return document.ToJsonString();
        }
    }

    [Fact]
    public async Task OfACaptureThatWasCutWhatIsThereIsGiven()
    {
        string capture = Copy(Dns, "cut.pcap");
        await RecordsAsync(capture);
        var packets = PlainPcap.Read(capture);
        using (FileStream file = File.OpenWrite(capture))
            file.SetLength(file.Length - 16 - packets[^1].Frame.Length / 2);
        ProgramResult run = (await Executable.RunAsync("extract", In("records.json"), "-w", In("o.pcap"))).Ended(1);
        Assert.Contains("1 of 72 packets of it are not there", run.Error, StringComparison.Ordinal);
        Assert.Equal(packets.Count - 1, PlainPcap.Read(In("o.pcap")).Count);
    }

    [Fact]
    public async Task RecordsWithoutPositionsSaySo()
    {
        string lines = In("none.json");
        (await Executable.RunAsync("replay", "--quiet", "-r", Dns, "--to", $"ndjson:{lines}", "--positions", "none")).Succeeded();
        ProgramResult run = (await Executable.RunAsync("extract", lines, "-w", In("o.pcap"))).Ended(1);
        Assert.Contains("records do not say where their packets are", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PacketsFromStdinCantBeHadAgain()
    {
        using var replay = new ProgramRun(
            Executable.Path,
            ["replay", "--quiet", "-r", "-", "--to", $"ndjson:{In("s.json")}"],
            withInput: true
        );
        await replay.Input.WriteAsync(
            await File.ReadAllBytesAsync(Dns, TestContext.Current.CancellationToken),
            TestContext.Current.CancellationToken
        );
        replay.Input.Close();
        (await replay.EndAsync()).Succeeded();
        ProgramResult run = (await Executable.RunAsync("extract", In("s.json"), "-w", In("o.pcap"))).Ended(1);
        Assert.Contains("stdin: 72 packets of it can't be had, as it was no file", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"packetPos\":[-1,\"x\"]}", "its positions are not as FlowPipe or Arkime write them")]
    [InlineData("{\"packet_pos\":{}}", "its positions are not as FlowPipe or Arkime write them")]
    [InlineData("{\"packetPos\":[-1,24", "the record can't be read")]
    public async Task PositionsThatMakeNoSenseAreReported(string document, string complaint)
    {
        await File.WriteAllTextAsync(In("bad.json"), document + "\n", TestContext.Current.CancellationToken);
        ProgramResult run = (await Executable.RunAsync("extract", In("bad.json"), "-w", In("o.pcap"))).Ended(1);
        Assert.Contains(complaint, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--id", "nonsense", "is no UUID")]
    [InlineData("--root", "/no/such/folder", "there is no such directory")]
    [InlineData("--offset", "3", "works with topics only")]
    [InlineData("--where", "dns.host ==", "")]
    public async Task WrongUsageIsToldBeforeAnythingIsRead(string option, string value, string complaint)
    {
        await RecordsAsync(Dns);
        ProgramResult run = (await Executable.RunAsync("extract", In("records.json"), "-w", In("o.pcap"), option, value)).Ended(2);
        Assert.Contains(complaint, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(In("o.pcap")));
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private string Copy(string file, string to)
    {
        string path = In(to);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Copy(file, path);
        return path;
    }

    /// <summary>The records of captures, as documents in records.json.</summary>
    private async Task<string> RecordsAsync(params string[] captures)
    {
        (
            await Executable.RunAsync([
                "replay",
                "--quiet",
                .. captures.SelectMany(static capture => (string[])["-r", capture]),
                "--to",
                $"ndjson:{In("records.json")}",
            ])
        ).Succeeded();
        return await File.ReadAllTextAsync(In("records.json"), TestContext.Current.CancellationToken);
    }

    private static string[] WithoutIdentity(string lines) =>
        [
            .. Documents
                .Parse(lines)
                .Select(static document =>
                {
                    var members = document.EnumerateObject().Where(static member => member.Name != "flowpipe");
                    return string.Join(',', members.Select(static member => member.ToString()));
                })
                .Order(StringComparer.Ordinal),
        ];
}
