using System.Buffers.Binary;
using System.Runtime.Versioning;
using System.Text.Json;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>What can be wrong with what the user gives: the status, and a message that names it and says what to do.</summary>
[SupportedOSPlatform("linux")]
public sealed class BadInputTests : IDisposable
{
    private static readonly string Dns = Executable.Sample("dns.pcap");

    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        LetOthersIn();
        _folder.Dispose();
    }

    [Fact]
    public async Task AMissingFile() =>
        Failed(await ReplayAsync("/nowhere/a.pcap"), "/nowhere/a.pcap: there is no such file", "check the path");

    [Fact]
    public async Task AFileThatCanNotBeRead() =>
        // The kernel gives an I/O error, to root as well.
        Failed(await ReplayAsync("/proc/self/mem"), "/proc/self/mem can't be opened", "Input/output error");

    [Fact]
    public async Task AFileOfSomebodyElse()
    {
        LetOthersIn();
        string file = _folder.Write("secret.pcap", await DnsBytesAsync());
        File.SetUnixFileMode(file, UnixFileMode.None);
        ProgramResult run = await AsNobodyAsync("replay", "-r", file, "--to", "null:");
        Failed(run, file, "denied", "make it readable for this user");
    }

    [Fact]
    public async Task AFolderWhereAFileBelongs() => Failed(await ReplayAsync(_folder.Path), $"{_folder.Path} is a directory", "-R");

    [Fact]
    public async Task AFileWhereAFolderBelongs() =>
        Failed(await Executable.RunAsync("replay", "-R", Dns), $"{Dns} is not a directory", "-r");

    [Fact]
    public async Task AnEmptyFile()
    {
        string file = _folder.Write("empty.pcap", []);
        Failed(await ReplayAsync(file), $"{file} is empty", "check what -r names");
    }

    [Fact]
    public async Task AFileThatIsNoCapture()
    {
        string file = _folder.Write("notes.pcap", "Dear diary, today I captured nothing at all."u8);
        Failed(await ReplayAsync(file), $"{file} is no capture", "pcap", "check what -r names");
    }

    [Fact]
    public async Task AHeaderCutShort()
    {
        string file = _folder.Write("head.pcap", (await DnsBytesAsync()).AsSpan(0, 15));
        Failed(await ReplayAsync(file), $"{file}, offset 15", "ends within its header", "again");
    }

    [Fact]
    public async Task ALastPacketCutShortIsOnlyAWarning()
    {
        byte[] dns = await DnsBytesAsync();
        string file = _folder.Write("cut.pcap", dns.AsSpan(0, dns.Length - 5));
        ProgramResult run = (await ReplayAsync(file)).Said(0, file, "ends within a packet", "left out");
        Assert.Equal(Samples.Packets("dns.pcap") - 1, run.Ledger("packets read"));
        Assert.Equal(Samples.Packets("dns.pcap") - 1, run.Ledger("packets in records"));
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamageKeepsWhatCameBefore()
    {
        byte[] dns = await DnsBytesAsync();
        const int Good = 30;
        int offset = OffsetOf(dns, Good);
        BinaryPrimitives.WriteInt32LittleEndian(dns.AsSpan(offset + 8), int.MaxValue);
        string file = _folder.Write("damaged.pcap", dns);
        string lines = Path.Combine(_folder.Path, "sessions.json");
        ProgramResult run = await Executable.RunAsync("replay", "-r", file, "--to", $"ndjson:{lines}");
        run.Said(1, $"{file}, offset {offset}", "what came before it was read")
            .Said(1, "1 of 1 inputs could not be read to their end")
            .WithoutBug();
        Assert.Equal(Good, run.Ledger("packets in records"));
        Assert.Equal(
            Good,
            Documents.OfFile(lines).Sum(static document => document.GetProperty("network").GetProperty("packets").GetInt32())
        );
        Assert.Contains("ledger: balanced", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamageInOneFileLeavesTheOthers()
    {
        string bad = _folder.Write("a.pcap", "nothing"u8);
        ProgramResult run = await Executable.RunAsync("replay", "-r", bad, "-r", Dns, "--to", "null:");
        run.Said(1, bad, "no capture").Said(1, "1 of 2 inputs").WithoutBug();
        Assert.Equal(Samples.Sessions("dns.pcap"), run.Ledger("records delivered to null:"));
    }

    [Theory]
    [InlineData("avro:/dev/full")]
    [InlineData("ndjson:/dev/full")]
    public async Task AFullDisk(string sink)
    {
        ProgramResult run = await Executable.RunAsync("replay", "-r", Dns, "--to", sink);
        Failed(run, "/dev/full: writing failed", "No space left on device", "Make room");
    }

    [Fact]
    public async Task AFullDiskKeepsTheRecordsThatFit()
    {
        const int BytesThatFit = 50_000;
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "prlimit (util-linux) is not here");
        // A limit on the file's size fails like a full disk, half-way, and needs no rights.
        string lines = Path.Combine(_folder.Path, "sessions.json");
        using var run = new ProgramRun(
            "bash",
            ["-c", $"trap '' XFSZ; exec prlimit --fsize={BytesThatFit} '{Executable.Path}' replay -R samples --to 'ndjson:{lines}'"],
            // The runtime maps its code twice through a file, which the limit would hit first.
            new() { ["DOTNET_EnableWriteXorExecute"] = "0" }
        );
        ProgramResult result = (await run.EndAsync()).Said(1, lines, "writing failed", "are kept").WithoutBug();
        List<JsonElement> documents = Documents.OfFile(lines);
        Assert.InRange(new FileInfo(lines).Length, 1, BytesThatFit);
        Assert.Contains($"the {documents.Count} records written before are kept", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("replay -r samples/dns.pcap --to ndjson:-", "standard output: writing failed")]
    [InlineData("replay -r samples/dns.pcap", "writing failed")]
    [InlineData("fields", "writing failed")]
    [InlineData("replay -r samples/dns.pcap --to null: --stats /dev/full", "--stats /dev/full: it can't be written")]
    public async Task OutputThatIsFull(string command, string message)
    {
        using var run = new ProgramRun("bash", ["-c", $"'{Executable.Path}' {command} > /dev/full"]);
        (await run.EndAsync()).Said(1, message, "No space left on device").WithoutBug();
    }

    [Theory]
    [InlineData("avro")]
    [InlineData("ndjson")]
    public async Task AFolderThatIsNotThere(string scheme) =>
        Failed(await Executable.RunAsync("replay", "-r", Dns, "--to", $"{scheme}:/nowhere/x"), "/nowhere/x", "there is no such directory");

    [Fact]
    public async Task AFolderOfSomebodyElse()
    {
        LetOthersIn();
        if (Environment.UserName != "root")
            File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string file = Path.Combine(_folder.Path, "x.avro");
        ProgramResult run = await AsNobodyAsync("replay", "-r", Dns, "--to", $"avro:{file}");
        Failed(run, $"{file}: can't be created", "permission denied", "write to a directory that is yours");
    }

    [Fact]
    public async Task ABrokerThatIsNotThere()
    {
        int port = SilentServer.ClosedPort();
        Failed(
            await Executable.RunAsync("replay", "-r", Dns, "--to", $"kafka://127.0.0.1:{port}/t?timeout=2"),
            $"kafka://127.0.0.1:{port}/t",
            "Connection refused",
            "check address"
        );
    }

    [Fact]
    public async Task ABrokerThatIsNotThereIsGivenUpUnasked()
    {
        int port = SilentServer.ClosedPort();
        Failed(
            await Executable.RunAsync("consume", "--from", $"kafka://127.0.0.1:{port}/t"),
            $"kafka://127.0.0.1:{port}/t",
            "no answer",
            "check address"
        );
    }

    [Theory]
    [InlineData("tcp prot 80", "tcp prot 80", "syntax error")]
    [InlineData("host nowhere.invalid", "nowhere.invalid", "unknown host")]
    public async Task AFilterThatIsNone(string filter, string name, string reason)
    {
        ProgramResult run = await Executable.RunAsync("replay", "-r", Dns, "--bpf", filter);
        run.Said(2, "--bpf", name, reason, "pcap-filter").WithoutBug();
        Assert.Equal("", run.Out);
    }

    [Fact]
    public async Task ASettingThatIsNotThere()
    {
        string config = Path.Combine(_folder.Path, "flowpipe.yaml");
        await File.WriteAllTextAsync(config, "node: probe\nsessions:\n  tcpTimeot: 5\n", TestContext.Current.CancellationToken);
        Refused(
            await Executable.RunAsync("replay", "-r", Dns, "-c", config),
            $"{config}:3",
            "there is no setting \"sessions.tcpTimeot\"",
            "did you mean \"sessions.tcpTimeout\""
        );
        Refused(await Executable.RunAsync("replay", "-r", Dns, "--set", "records.positons=none"), "did you mean \"records.positions\"");
        using var run = new ProgramRun(Executable.Path, ["config"], new() { ["FLOWPIPE__SESSIONS__UDPTIMEOUTT"] = "5" });
        Refused(await run.EndAsync(), "FLOWPIPE__SESSIONS__UDPTIMEOUTT", "did you mean \"sessions.udpTimeout\"");
    }

    [Fact]
    public async Task AValueOutOfItsRange()
    {
        string config = Path.Combine(_folder.Path, "flowpipe.yaml");
        await File.WriteAllTextAsync(config, "partitions: 257\n", TestContext.Current.CancellationToken);
        Refused(await Executable.RunAsync("replay", "-r", Dns, "-c", config), $"{config}:1", "partitions is \"257\"", "from 0 to 256");
    }

    [Fact]
    public async Task AConfigurationThatIsNotYaml()
    {
        string config = Path.Combine(_folder.Path, "flowpipe.yaml");
        await File.WriteAllTextAsync(config, "node: [probe\n", TestContext.Current.CancellationToken);
        Refused(await Executable.RunAsync("config", "-c", config), config, "not YAML");
    }

    [Fact]
    public async Task APropertyThatLibrdkafkaDoesNotKnow() =>
        Refused(
            await Executable.RunAsync("replay", "-r", Dns, "--set", "kafka.compresion.type=zstd", "--to", "kafka://embedded/t"),
            "compresion.type",
            "kafka section"
        );

    [Fact]
    public async Task ASinkThatIsNone()
    {
        Refused(await Executable.RunAsync("replay", "-r", Dns, "--to", "parquet:x"), "unknown scheme 'parquet'", "avro:FILE");
        Refused(await Executable.RunAsync("replay", "-r", Dns, "--to", "kafka://h:9092/t?timout=1"), "unknown option 'timout'", "timeout");
    }

    [Fact]
    public async Task OptionsAndCommandsThatAreNone()
    {
        Refused(await Executable.RunAsync("replay", "--bfp", "tcp", "-r", Dns), "no option '--bfp'", "did you mean '--bpf'");
        // After -r, which takes several files
        Refused(await Executable.RunAsync("replay", "-r", Dns, "--quite"), "no option '--quite'", "did you mean '--quiet'");
        Refused(await Executable.RunAsync("repaly", "-r", Dns), "no command 'repaly'", "did you mean 'replay'");
    }

    [Fact]
    public async Task NothingToRead() => Refused(await Executable.RunAsync("replay"), "nothing to read", "-r FILE");

    [Fact]
    public async Task RecordsThatAreNone()
    {
        Failed(await Executable.RunAsync("consume", "--from", Dns), Dns, "neither", "flowpipe replay -r");
        Failed(await Executable.RunAsync("consume", "--from", "/nowhere/a.avro"), "/nowhere/a.avro");
        string file = _folder.Write("cut.avro", "Obj\x01 and then nothing that makes sense"u8);
        Failed(await Executable.RunAsync("consume", "--from", file), file);
    }

    private static void Failed(ProgramResult run, params string[] words)
    {
        run.Said(1, words).WithoutBug();
        Assert.DoesNotContain("NOT BALANCED", run.Error, StringComparison.Ordinal);
    }

    private static void Refused(ProgramResult run, params string[] words)
    {
        run.Said(2, words).WithoutBug();
        Assert.Equal("", run.Out);
    }

    private static Task<ProgramResult> ReplayAsync(string file) => Executable.RunAsync("replay", "-r", file, "--to", "null:");

    private static Task<byte[]> DnsBytesAsync() => File.ReadAllBytesAsync(Dns, TestContext.Current.CancellationToken);

    private void LetOthersIn() =>
        File.SetUnixFileMode(
            _folder.Path,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute
        );

    /// <summary>Root may read and write everything, so the program runs as somebody who may not.</summary>
    private static async Task<ProgramResult> AsNobodyAsync(params string[] args)
    {
        if (Environment.UserName != "root")
            return await Executable.RunAsync(args);
        string[] asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        using var check = new ProgramRun("setpriv", [.. asNobody, Executable.Path, "--version"]);
        Assert.SkipUnless((await check.EndAsync()).Status == 0, $"{Executable.Path} is not for others to run");
        using var run = new ProgramRun("setpriv", [.. asNobody, Executable.Path, .. args]);
        return await run.EndAsync();
    }

    /// <summary>Where the record of a packet begins: after the file's header, and 16 bytes and their contents for each before it.</summary>
    private static int OffsetOf(byte[] pcap, int packet)
    {
        int offset = 24;
        for (int i = 0; i < packet; i++)
            offset += 16 + BinaryPrimitives.ReadInt32LittleEndian(pcap.AsSpan(offset + 8));
        return offset;
    }
}
