using System.Globalization;
using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>The brokers of one class of tests, started by the first that needs them, and what the tests do with them.</summary>
/// <param name="options">How they are started.</param>
public abstract class FaultedKafka(params string[] options) : IAsyncLifetime
{
    /// <summary>Small enough that an outage of seconds fills it, and the replay must wait.</summary>
    public const string SmallQueue = "kafka.queue.buffering.max.kbytes=8192";

    private RealKafka? _kafka;
    private int _topics;

    /// <summary>Whether faults last as long as the campaign has them, or only as long as it takes to see them.</summary>
    public static bool IsLong => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("FLOWPIPE_KAFKA_LONG"));

    /// <summary>Leaves out, where time is short, what another row shows as well.</summary>
    public static void OnlyInCampaign() => Assert.SkipUnless(IsLong, "it takes its time: make test-faults runs it");

    public string Address => Kafka.Address;

    public string Folder => Kafka.Folder;

    private RealKafka Kafka => _kafka ?? throw new InvalidOperationException("the brokers have not been started");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_kafka is not null)
            await _kafka.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sees to it that all brokers run, whatever the test before has left.</summary>
    public async Task StartAsync()
    {
        if (_kafka is null)
            _kafka = await RealKafka.StartAsync(options);
        else
            await ControlAsync("start");
    }

    /// <summary>Makes a topic for one test.</summary>
    /// <param name="settings">Its settings as NAME=VALUE.</param>
    /// <returns>Its name.</returns>
    public async Task<string> CreateTopicAsync(params string[] settings)
    {
        string name = $"spi-{Interlocked.Increment(ref _topics)}";
        await ToolAsync([
            "topics",
            "--create",
            "--topic",
            name,
            "--partitions",
            "3",
            .. settings.SelectMany(static setting => (string[])["--config", setting]),
        ]);
        return name;
    }

    public string SinkOf(string topic) => $"kafka://{Address}/{topic}";

    /// <summary>The address of another listener: 200 above is TLS with certificates, 300 passwords.</summary>
    public string Listener(int above)
    {
        int colon = Address.LastIndexOf(':');
        return $"{Address[..colon]}:{int.Parse(Address.AsSpan(colon + 1), CultureInfo.InvariantCulture) + above}";
    }

    /// <summary><c>kill 1</c>, <c>pause</c>, <c>start</c> …</summary>
    public Task ControlAsync(params string[] command) => Kafka.ControlAsync(command);

    /// <summary>One of Kafka's own tools.</summary>
    internal async Task<ProgramResult> ToolAsync(params string[] command) => (await Kafka.ToolAsync(command[0], command[1..])).Succeeded();

    /// <summary>How long a fault lasts: long in the campaign, else as long as it takes to be seen.</summary>
    public static Task LastsAsync(int seconds, int shortSeconds = 3) =>
        Task.Delay(TimeSpan.FromSeconds(IsLong ? seconds : shortSeconds), TestContext.Current.CancellationToken);

    /// <summary>The ids of all records of a topic, in order, by kcat.</summary>
    public async Task<string[]> IdsAsync(string topic)
    {
        using var kcat = new ProgramRun("kcat", ["-b", Address, "-t", topic, "-C", "-e", "-q", "-f", "%h\\n"]);
        ProgramResult read = (await kcat.EndAsync()).Succeeded();
        return [.. read.Lines.Select(static headers => IdOf(headers)).Order(StringComparer.Ordinal)];
    }

    private static string IdOf(string headers) =>
        headers.Split(',').First(static header => header.StartsWith("id=", StringComparison.Ordinal))[3..];
}

/// <summary>One broker, which creates no topics by itself.</summary>
public sealed class OneBroker() : FaultedKafka("--no-auto-create");

/// <summary>One broker, which also listens with TLS and passwords, and asks for rights there.</summary>
public sealed class SecureBroker() : FaultedKafka("--no-auto-create", "--secure");

/// <summary>Three brokers, each with a replica of every partition.</summary>
public sealed class ThreeBrokers() : FaultedKafka("--brokers", "3", "--no-auto-create");
