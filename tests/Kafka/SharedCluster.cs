using FlowPipe.Tests.Kafka;
using FlowPipe.Tests.Unit.EndToEnd;

[assembly: AssemblyFixture(typeof(SharedCluster))]

namespace FlowPipe.Tests.Kafka;

/// <summary>
/// One broker, with TLS, passwords and permissions and without topics that come into being by themselves, and one registry, for all tests that
/// break neither: they start when the first test wants them. Tests name topics, groups and subjects of their own.
/// </summary>
public sealed class SharedCluster : IAsyncDisposable
{
    /// <summary>OAUTHBEARER with unsecured tokens beside the mechanisms that a cluster with --secure has.</summary>
    private static readonly string[] Options =
    [
        "--secure",
        "--no-auto-create",
        "--set",
        "listener.name.sasl.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "--set",
        "listener.name.sasl.oauthbearer.sasl.jaas.config="
            + "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub=\"broker\";",
    ];

    private readonly Lazy<Task<RealKafka>> _kafka = new(static () => RealKafka.StartAsync(Options));
    private readonly Lazy<Task<RealRegistry>> _registry = new(StartRegistryAsync);

    /// <summary>The broker; without ../shared or Java the test is skipped.</summary>
    internal Task<RealKafka> KafkaAsync() => _kafka.Value;

    /// <summary>The registry; it has this build's schema for every topic that <see cref="RegisterAsync"/> was called for.</summary>
    internal Task<RealRegistry> RegistryAsync() => _registry.Value;

    /// <summary>The address of another listener: +200 TLS with certificates, +300 passwords, +400 both.</summary>
    internal static string Listener(RealKafka kafka, int offset)
    {
        int colon = kafka.Address.LastIndexOf(':');
        int port = int.Parse(kafka.Address.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture);
        return $"{kafka.Address[..colon]}:{port + offset}";
    }

    /// <summary>Makes a topic with our own command.</summary>
    internal static async Task<string> CreateAsync(RealKafka kafka, string topic, int partitions = 3)
    {
        string uri = $"kafka://{kafka.Address}/{topic}";
        (await Executable.RunAsync("topics", "create", "--to", uri, "--set", $"topics.spi.partitions={partitions}")).Succeeded();
        return uri;
    }

    /// <summary>Registers this build's schema for a topic.</summary>
    internal static async Task RegisterAsync(RealRegistry registry, string topic) =>
        (await Executable.RunAsync("schema", "register", "--registry", registry.Url, "--topic", topic)).Succeeded();

    public async ValueTask DisposeAsync()
    {
        if (_registry.IsValueCreated && _registry.Value.IsCompletedSuccessfully)
            await (await _registry.Value).DisposeAsync();
        if (_kafka.IsValueCreated && _kafka.Value.IsCompletedSuccessfully)
            await (await _kafka.Value).DisposeAsync();
    }

    private static Task<RealRegistry> StartRegistryAsync() => RealRegistry.StartAsync();
}
