using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>
/// Every client that a run makes (administrator, transactional and plain producers, consumers) takes the same credentials from the section kafka,
/// says who lacks which right, and tells nobody the password.
/// </summary>
public sealed class SecurityTests(SharedCluster cluster)
{
    private const string Password = "flowpipe-secret";
    private const int Tls = 200;
    private const int Passwords = 300;
    private const int PasswordsOverTls = 400;

    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    /// <summary>Rights are given once for all of these tests.</summary>
    private static readonly Lock Gate = new();
    private static Task? _granted;

    [Theory]
    [InlineData("certificate", Tls)]
    [InlineData("PLAIN", Passwords)]
    [InlineData("SCRAM-SHA-512", PasswordsOverTls)]
    public async Task EveryClientTakesTheCredentials(string mechanism, int listener)
    {
        RealKafka kafka = await cluster.KafkaAsync();
        await GrantedAsync(kafka);
        using var folder = new TemporaryFolder();
        string brokers = SharedCluster.Listener(kafka, listener);
        string sink = $"kafka://{brokers}/secured.{mechanism.ToLowerInvariant()}";
        string config = folder.Write("flowpipe.yaml", System.Text.Encoding.UTF8.GetBytes(Config(kafka, mechanism, listener)));
        string manifest = Path.Combine(folder.Path, "run.json");
        var said = new List<ProgramResult>();
        foreach (
            string[] command in (string[][])
                [
                    ["topics", "create", "--to", sink],
                    ["topics", "check", "--to", sink],
                    [
                        "replay",
                        "-r",
                        Executable.Sample("dns.pcap"),
                        "--to",
                        sink,
                        "--exactly-once",
                        "--set",
                        $"exactlyOnce.id={mechanism}",
                        "--stats-topic",
                        "flowpipe.stats.v1",
                        "--manifest",
                        manifest,
                        "--set",
                        "kafka.debug=security,broker,eos,conf",
                    ],
                    ["replay", "-r", Executable.Sample("ntp.pcap"), "--to", sink, "--set", "kafka.debug=security,conf"],
                    ["verify", "--manifest", manifest, "--from", sink],
                    ["consume", "--from", sink, "--format", "json", "--group", $"secured-{mechanism}"],
                    ["config", "--to", sink],
                ]
        )
            said.Add((await Executable.RunAsync([.. command, "-c", config])).Succeeded().WithoutBug());
        Assert.NotEmpty(said[5].Lines);
        Assert.All(said, static result => Assert.DoesNotContain(Password, result.Out + result.Error, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(Password, await File.ReadAllTextAsync(manifest, Stop), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ATokenIsGotFromAnEndpointOrMadeOnTheSpot()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        await GrantedAsync(kafka);
        using var folder = new TemporaryFolder();
        using var endpoint = new TokenEndpoint("probe", "token-secret", "oauth");
        string sink = $"kafka://{SharedCluster.Listener(kafka, Passwords)}/secured.oauth";
        const string Common = "kafka:\n  security.protocol: SASL_PLAINTEXT\n  sasl.mechanism: OAUTHBEARER\n";
        string oidc =
            $"{Common}  sasl.oauthbearer.method: oidc\n  sasl.oauthbearer.client.id: probe\n  sasl.oauthbearer.client.secret: token-secret\n"
            + $"  sasl.oauthbearer.token.endpoint.url: {endpoint.Url}\n";
        const string Unsecured =
            Common + "  enable.sasl.oauthbearer.unsecure.jwt: true\n  sasl.oauthbearer.config: principal=oauth scope=token-secret\n";
        foreach (string text in (string[])[oidc, Unsecured])
        {
            string config = folder.Write("oauth.yaml", System.Text.Encoding.UTF8.GetBytes(text));
            int given = endpoint.Given;
            foreach (
                string[] command in (string[][])
                    [
                        ["topics", "create", "--to", sink],
                        [
                            "replay",
                            "-r",
                            Executable.Sample("ntp.pcap"),
                            "--to",
                            sink,
                            "--exactly-once",
                            "--stats-topic",
                            "flowpipe.stats.v1",
                            "--set",
                            "kafka.debug=security",
                        ],
                        ["consume", "--from", sink],
                    ]
            )
            {
                ProgramResult result = (await Executable.RunAsync([.. command, "-c", config])).Succeeded().WithoutBug();
                Assert.DoesNotContain("token-secret", result.Out + result.Error, StringComparison.Ordinal);
            }
            Assert.Equal(text == oidc, endpoint.Given > given);
        }

        string wrong = folder.Write(
            "wrong.yaml",
            System.Text.Encoding.UTF8.GetBytes(oidc.Replace("token-secret", "another-secret", StringComparison.Ordinal))
        );
        ProgramResult refused = await Executable.RunAsync("topics", "check", "--timeout", "3", "--to", sink, "-c", wrong);
        refused.Said(1, "no answer from the brokers", "OAUTHBEARER token").WithoutBug();
        Assert.DoesNotContain("another-secret", refused.Error, StringComparison.Ordinal);
    }

    private static string Config(RealKafka kafka, string mechanism, int listener)
    {
        string tls = Path.Combine(kafka.Folder, "tls");
        string ca = listener == Passwords ? "" : $"  ssl.ca.location: {tls}/ca.pem\n";
        return mechanism == "certificate"
            ? $"kafka:\n  security.protocol: SSL\n{ca}  ssl.certificate.location: {tls}/client.pem\n  ssl.key.location: {tls}/client.key\n"
            : $"kafka:\n  security.protocol: {(listener == Passwords ? "SASL_PLAINTEXT" : "SASL_SSL")}\n{ca}"
                + $"  sasl.mechanism: {mechanism}\n  sasl.username: flowpipe\n  sasl.password: {Password}\n";
    }

    private static Task GrantedAsync(RealKafka kafka)
    {
        lock (Gate)
            return _granted ??= GrantAsync(kafka);
    }

    private static async Task GrantAsync(RealKafka kafka)
    {
        string[] who =
        [
            "--add",
            "--allow-principal",
            "User:flowpipe",
            "--allow-principal",
            "User:CN=client",
            "--allow-principal",
            "User:oauth",
            "--operation",
            "All",
        ];
        (await kafka.ToolAsync("acls", [.. who, "--topic", "*", "--group", "*", "--transactional-id", "*"])).Succeeded();
        (await kafka.ToolAsync("acls", [.. who, "--cluster"])).Succeeded();
    }
}
