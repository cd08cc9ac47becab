using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>A real registry that is down, slow, broken or strict. The broker is the embedded one: it is not what fails here.</summary>
public sealed class RegistryFaultTests
{
    private const string Topic = "kafka://embedded/flowpipe.spi.v1";
    private static readonly string[] Replay = ["replay", "-r", Executable.Sample("dns.pcap"), "--to", Topic];

    [Fact]
    public async Task AReplayWaitsForARegistryThatIsDownAtItsStart()
    {
        using var folder = new TemporaryFolder();
        await using var registry = RealRegistry.Prepare("--data", Path.Combine(folder.Path, "registry.json"));
        await registry.StartAsync();
        (await Executable.RunAsync("schema", "register", "--registry", registry.Url)).Succeeded();
        await registry.DisposeAsync();

        using var run = new ProgramRun([.. Replay, "--registry", registry.Url, "--set", "kafka.schema.registry.max.retries=0"]);
        await run.SaysAsync($"waiting for the schema registry {registry.Url}");
        await registry.StartAsync();
        ProgramResult result = (await run.EndAsync()).Succeeded().WithoutBug();
        Assert.Contains("it answers again", result.Error, StringComparison.Ordinal);
        Assert.Equal(result.Ledger("records made"), result.Ledger($"records delivered to {Topic}"));
        Assert.Single(result.Error.Split('\n'), static line => line.Contains("waiting for", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WaitingCanBeInterrupted()
    {
        await using var registry = RealRegistry.Prepare();
        using var run = ProgramRun.WithSignals([.. Replay, "--registry", registry.Url, "--set", "kafka.schema.registry.max.retries=0"]);
        await run.SaysAsync("waiting for the schema registry");
        run.Interrupt();
        (await run.EndAsync()).Said(1, "nothing was read").WithoutBug();
    }

    [Fact]
    public async Task FaultsThatPassAreSatOut()
    {
        await using RealRegistry registry = await RealRegistry.StartAsync();
        (await Executable.RunAsync("schema", "register", "--registry", registry.Url)).Succeeded();
        foreach (
            string fault in (string[])
                [
                    """{"status":500,"count":2}""",
                    """{"status":503,"count":2}""",
                    """{"drop":true,"count":2}""",
                    """{"delay_ms":400,"count":2}""",
                ]
        )
        {
            await registry.AskAsync(HttpMethod.Put, "_faults", fault);
            ProgramResult result = await Executable.RunAsync([
                .. Replay,
                "--registry",
                registry.Url,
                "--set",
                "kafka.schema.registry.retries.wait.ms=10",
                "--set",
                "kafka.schema.registry.request.timeout.ms=300",
            ]);
            result.Succeeded().WithoutBug();
            Assert.DoesNotContain("waiting for", result.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ASchemaThatDoesNotFitIsRefusedAndNothingIsSent()
    {
        using var folder = new TemporaryFolder();
        await using RealRegistry registry = await RealRegistry.StartAsync();
        string other = folder.Write(
            "other.avsc",
            "{\"type\":\"record\",\"name\":\"Session\",\"namespace\":\"flowpipe.spi.v1\",\"fields\":[{\"name\":\"id\",\"type\":\"int\"}]}"u8
        );
        (await Executable.RunAsync("schema", "check", "--registry", registry.Url)).Succeeded();
        (
            await Executable.RunAsync("schema", "register", "--registry", registry.Url, "--compatibility", "FULL_TRANSITIVE", other)
        ).Succeeded();
        ProgramResult check = await Executable.RunAsync("schema", "check", "--registry", registry.Url);
        Assert.Contains("not compatible by its level FULL_TRANSITIVE", check.Ended(1).Out, StringComparison.Ordinal);
        (await Executable.RunAsync("schema", "register", "--registry", registry.Url))
            .Said(1, "schema registry", "flowpipe schema check")
            .WithoutBug();
        (await Executable.RunAsync([.. Replay, "--registry", registry.Url]))
            .Said(1, "has subject flowpipe.spi.v1-value, but not with this build's schema", "flowpipe schema register")
            .WithoutBug();
        (await Executable.RunAsync([.. Replay, "--registry", registry.Url, "--set", "kafka.auto.register.schemas=true"]))
            .Said(1, "incompatible")
            .WithoutBug();
        // Under another name there is no such past.
        (
            await Executable.RunAsync([
                .. Replay,
                "--registry",
                registry.Url,
                "--set",
                "kafka.auto.register.schemas=true",
                "--set",
                "kafka.value.subject.name.strategy=TopicRecordNameStrategy",
            ])
        ).Succeeded();
        string[] subjects =
        [
            .. (await registry.AskAsync(HttpMethod.Get, "subjects")).EnumerateArray().Select(static name => name.GetString()!),
        ];
        Assert.Contains("flowpipe.spi.v1-flowpipe.spi.v1.Session", subjects);
    }

    [Fact]
    public async Task PasswordsAreCheckedAndNeverShown()
    {
        await using RealRegistry registry = await RealRegistry.StartAsync("--user", "probe:geheim");
        string[] register = ["schema", "register", "--registry", registry.Url];
        ProgramResult without = (await Executable.RunAsync(register)).Said(1, "Unauthorized", "basic.auth.user.info").WithoutBug();
        ProgramResult wrong = await Executable.RunAsync([
            .. register,
            "--set",
            "kafka.schema.registry.basic.auth.user.info=probe:geheimnis",
        ]);
        wrong.Said(1, "Unauthorized").WithoutBug();
        Assert.DoesNotContain("geheim", without.Error + wrong.Error, StringComparison.Ordinal);
        (await Executable.RunAsync([.. register, "--set", "kafka.schema.registry.basic.auth.user.info=probe:geheim"])).Succeeded();
    }

    [Fact]
    public async Task CertificatesAreCheckedOnBothSides()
    {
        using var folder = new TemporaryFolder();
        using var authority = new Authority(folder.Path);
        authority.Issue("server", forServer: true);
        authority.Issue("client", forServer: false);
        await using RealRegistry registry = await RealRegistry.StartAsync(
            "--tls",
            $"{folder.Path}/server.p12:secret:{folder.Path}/trust.p12:secret"
        );
        string[] check = ["schema", "check", "--registry", registry.Url, "--set", "kafka.schema.registry.max.retries=0"];
        (await Executable.RunAsync(check)).Said(1, "TLS", registry.Url).WithoutBug(); // an authority that nobody knows
        string[] trusting = [.. check, "--set", $"kafka.schema.registry.ssl.ca.location={folder.Path}/ca.pem"];
        (await Executable.RunAsync(trusting)).Ended(1).WithoutBug(); // and who are we?
        (
            await Executable.RunAsync([
                .. trusting,
                "--set",
                $"kafka.schema.registry.ssl.certificate.location={folder.Path}/client.pem",
                "--set",
                $"kafka.schema.registry.ssl.key.location={folder.Path}/client.key",
            ])
        ).Succeeded();
        (
            await Executable.RunAsync([
                .. trusting,
                "--set",
                $"kafka.schema.registry.ssl.keystore.location={folder.Path}/client.p12",
                "--set",
                "kafka.schema.registry.ssl.keystore.password=secret",
            ])
        ).Succeeded();
    }

    /// <summary>An authority for one test, and what it has signed, as files.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly string _folder;
        private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        private readonly X509Certificate2 _certificate;
        private readonly DateTimeOffset _from = DateTimeOffset.UtcNow.AddHours(-1);
        private readonly DateTimeOffset _to = DateTimeOffset.UtcNow.AddHours(12);

        public Authority(string folder)
        {
            _folder = folder;
            var request = new CertificateRequest("CN=Test authority", _key, HashAlgorithmName.SHA256);
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
            _certificate = request.CreateSelfSigned(_from.AddHours(-1), _to.AddHours(1));
            File.WriteAllText(Path.Combine(folder, "ca.pem"), _certificate.ExportCertificatePem());
            RunKeytool(
                "-importcert",
                "-noprompt",
                "-alias",
                "ca",
                "-file",
                "ca.pem",
                "-keystore",
                "trust.p12",
                "-storetype",
                "PKCS12",
                "-storepass",
                "secret"
            );
        }

        public void Issue(string name, bool forServer)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            if (forServer)
            {
                var names = new SubjectAlternativeNameBuilder();
                names.AddIpAddress(System.Net.IPAddress.Loopback);
                request.CertificateExtensions.Add(names.Build());
            }
            byte[] serial = RandomNumberGenerator.GetBytes(8);
            using X509Certificate2 signed = request.Create(_certificate, _from, _to, serial);
            using X509Certificate2 whole = signed.CopyWithPrivateKey(key);
            File.WriteAllBytes(Path.Combine(_folder, $"{name}.p12"), whole.Export(X509ContentType.Pkcs12, "secret"));
            File.WriteAllText(Path.Combine(_folder, $"{name}.pem"), whole.ExportCertificatePem());
            File.WriteAllText(Path.Combine(_folder, $"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        }

        public void Dispose()
        {
            _certificate.Dispose();
            _key.Dispose();
        }

        // What Java trusts has a mark of Java's own in it.
        private void RunKeytool(params string[] args)
        {
            using var keytool = System.Diagnostics.Process.Start(
                new System.Diagnostics.ProcessStartInfo("keytool", args)
                {
                    WorkingDirectory = _folder,
                    UseShellExecute = false,
                    RedirectStandardError = true,
                }
            )!;
            string error = keytool.StandardError.ReadToEnd();
            keytool.WaitForExit();
            Assert.True(keytool.ExitCode == 0, error);
        }
    }
}
