using System.Text.Json;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

public sealed class CommandsTests : IDisposable
{
    private static readonly int NtpSessions = Samples.Sessions("ntp.pcap");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task TheDemoBringsEveryRecordBackOutOfTheTopic()
    {
        ProgramResult run = (await Executable.RunAsync("demo")).Succeeded();
        long records = run.Ledger("records made");
        Assert.True(records >= 100, run.Error);
        Assert.Equal(records + 1, run.Lines.Length);
        Assert.Contains(
            $"{records} records came back out of topic flowpipe.spi.v1, {records} had been delivered",
            run.Error,
            StringComparison.Ordinal
        );
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
        foreach (string protocol in (string[])["tcp", "udp", "icmp", "sctp"])
            Assert.Contains(run.Lines, line => line.Contains($" {protocol} ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConsumeReadsWhatReplayWrote()
    {
        string avro = Path.Combine(_folder.Path, "a.avro");
        string lines = Path.Combine(_folder.Path, "a.json");
        (
            await Executable.RunAsync("replay", "-r", Executable.Sample("ntp.pcap"), "--to", $"avro:{avro}", "--to", $"ndjson:{lines}")
        ).Succeeded();
        foreach (string source in (string[])[avro, $"avro:{avro}", lines, $"ndjson:{lines}"])
            Assert.Equal(NtpSessions + 1, (await Executable.RunAsync("consume", "--from", source)).Succeeded().Lines.Length);
        Assert.Equal(2, (await Executable.RunAsync("consume", "--from", avro, "--format", "json", "-n", "2")).Succeeded().Lines.Length);
        ProgramResult json = (await Executable.RunAsync("consume", "--from", avro, "--format", "json")).Succeeded();
        Assert.All(
            json.Lines,
            static line => Assert.Equal(123, JsonElement.Parse(line).GetProperty("destination").GetProperty("port").GetInt32())
        );
    }

    [Fact]
    public async Task ConsumeReadsAPipe()
    {
        ProgramResult documents = (
            await Executable.RunAsync("replay", "-r", Executable.Sample("ntp.pcap"), "--to", "ndjson:-")
        ).Succeeded();
        using var run = new ProgramRun(Executable.Path, ["consume", "--from", "-"], withInput: true);
        await run.Input.WriteAsync(documents.OutBytes, TestContext.Current.CancellationToken);
        run.Input.Close();
        Assert.Equal(NtpSessions + 1, (await run.EndAsync()).Succeeded().Lines.Length);
    }

    [Fact]
    public async Task TheSchemaIsTheOneInTheRepository()
    {
        ProgramResult run = (await Executable.RunAsync("schema")).Succeeded();
        Assert.Equal(
            await File.ReadAllBytesAsync(Repository.Path("src", "Schemas", "session.avsc"), TestContext.Current.CancellationToken),
            run.OutBytes
        );
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task FieldsAreListed()
    {
        ProgramResult run = (await Executable.RunAsync("fields", "community")).Succeeded();
        Assert.Contains("network.community_id", run.Out, StringComparison.Ordinal);
        ProgramResult json = (await Executable.RunAsync("fields", "--format", "json")).Succeeded();
        Assert.Contains(
            JsonElement.Parse(json.Out).EnumerateArray(),
            static field => field.GetProperty("avro").GetString() == "network.community_id"
        );
    }

    [Fact]
    public async Task TheConfigurationPrintedIsOneThatIsRead()
    {
        ProgramResult printed = (await Executable.RunAsync("config", "--node", "probe-9", "--set", "sessions.udpTimeout=7")).Succeeded();
        string file = Path.Combine(_folder.Path, "flowpipe.yaml");
        await File.WriteAllBytesAsync(file, printed.OutBytes, TestContext.Current.CancellationToken);
        ProgramResult again = (await Executable.RunAsync("config", "-c", file, "--format", "json")).Succeeded();
        JsonElement settings = JsonElement.Parse(again.Out);
        Assert.Equal("probe-9", settings.GetProperty("node").GetProperty("value").GetString());
        Assert.Equal(7, settings.GetProperty("sessions.udpTimeout").GetProperty("value").GetInt32());
        Assert.StartsWith($"file {file}", settings.GetProperty("node").GetProperty("source").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task VersionAndHelpAreData()
    {
        Assert.Matches(@"^\d+\.\d+\.\d+", (await Executable.RunAsync("--version")).Succeeded().Out);
        ProgramResult help = (await Executable.RunAsync("replay", "--help")).Succeeded();
        Assert.Contains("--bpf", help.Out, StringComparison.Ordinal);
        Assert.Equal("", help.Error);
    }
}
