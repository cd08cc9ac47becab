using System.Net;
using System.Net.Sockets;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>A broker of Apache Kafka for one test, where ../shared and Java are; else the test is skipped.</summary>
internal sealed class RealKafka : IAsyncDisposable
{
    /// <summary>Three brokers take a minute to start on two cores that have other things to do.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>A broker lives for seconds: it costs a third less when the best code is not looked for.</summary>
    private static readonly Dictionary<string, string?> ShortLived = new() { ["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1" };

    private readonly string _program;
    private readonly TemporaryFolder _folder = new();

    private RealKafka(string program) => _program = program;

    /// <summary>As clients want it: <c>127.0.0.1:PORT</c>, of several brokers with commas between.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Where its data, logs and, with <c>--secure</c>, its certificates are (<c>tls/</c>).</summary>
    public string Folder => Path.Combine(_folder.Path, "kafka");

    /// <summary>The program that starts it and Kafka's tools.</summary>
    public string Program => _program;

    public static async Task<RealKafka> StartAsync(params string[] options)
    {
        string? program = FindProgram();
        Assert.SkipWhen(program is null, "../shared/kafka is not here");
        Assert.SkipUnless(IsOnPath("java") && IsOnPath("python3"), "Java or Python is not here");
        var kafka = new RealKafka(program!);
        try
        {
            int port = FreePorts();
            ProgramResult start = await kafka.ControlAsync(["start", "--port", $"{port}", .. options]);
            kafka.Address = start.Out.Trim();
            return kafka;
        }
        catch
        {
            await kafka.DisposeAsync();
            throw;
        }
    }

    /// <summary>A command to the cluster: <c>kill 1</c>, <c>pause</c>, <c>start</c> …</summary>
    public async Task<ProgramResult> ControlAsync(params string[] command) => (await RunAsync(["--dir", Folder, .. command])).Succeeded();

    /// <summary>One of Kafka's own tools.</summary>
    public Task<ProgramResult> ToolAsync(string name, params string[] args) =>
        RunAsync(["tool", name, "--bootstrap-server", Address, .. args]);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await RunAsync(["--dir", Folder, "stop", "--delete"]);
        }
        finally
        {
            _folder.Dispose();
        }
    }

    private async Task<ProgramResult> RunAsync(string[] args)
    {
        using var run = new ProgramRun(_program, args, ShortLived, limit: Patience);
        return await run.EndAsync();
    }

    private static string? FindProgram()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string program = Path.Combine(folder.FullName, "shared", "kafka", "run");
            if (File.Exists(program))
                return program;
        }
        return null;
    }

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>A port that is free, and those above it that three brokers, their controllers and their other listeners take. The range is below the one the system hands out itself.</summary>
    private static int FreePorts()
    {
        for (int tries = 0; tries < 100; tries++)
        {
            int port = Random.Shared.Next(20_000, 31_000);
            if (Enumerable.Range(0, 5).All(kind => Enumerable.Range(port + (100 * kind), 3).All(IsFree)))
                return port;
        }
        throw new InvalidOperationException("no port is free");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
