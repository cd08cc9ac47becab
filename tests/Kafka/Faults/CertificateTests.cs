using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Kafka.Faults;

/// <summary>TLS: certificates that have expired, or that were signed by somebody unknown to the other side.</summary>
public sealed class CertificateTests(SecureBroker kafka) : IClassFixture<SecureBroker>
{
    private const int Tls = 200;

    [Fact]
    public async Task OursIsTaken()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        await kafka.ToolAsync("acls", "--add", "--allow-principal", "User:CN=client", "--operation", "Write", "--topic", topic);
        ProgramResult run = (await ReplayAsync(topic, At("ca.pem"), At("client.pem"), At("client.key"))).Succeeded();
        Assert.Equal((await kafka.IdsAsync(topic)).Length, run.Ledger($"records delivered to {SinkOf(topic)}"));
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("unknown")]
    public async Task OursIsRefused(string kind)
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        using X509Certificate2 authority = kind == "expired" ? Authority() : NewAuthority();
        (string certificate, string key) = Issue(kind, authority, expired: kind == "expired");
        ProgramResult run = await ReplayAsync(topic, At("ca.pem"), certificate, key);
        run.Said(1, SinkOf(topic), "refuses our certificate", "ssl.certificate.location").WithoutBug();
        Assert.Single(FaultRun.MessagesOf(run.Error));
        Assert.Empty(await kafka.IdsAsync(topic));
    }

    [Fact]
    public async Task TheBrokersIsRefused()
    {
        await kafka.StartAsync();
        string topic = await kafka.CreateTopicAsync();
        using X509Certificate2 other = NewAuthority();
        string trusted = At("other-ca.pem");
        await File.WriteAllTextAsync(trusted, other.ExportCertificatePem(), TestContext.Current.CancellationToken);
        ProgramResult run = await ReplayAsync(topic, trusted, At("client.pem"), At("client.key"));
        run.Said(1, SinkOf(topic), "certificate verify failed", "ssl.ca.location").WithoutBug();
        Assert.Single(FaultRun.MessagesOf(run.Error));
        Assert.Empty(await kafka.IdsAsync(topic));
    }

    private string At(string file) => Path.Combine(kafka.Folder, "tls", file);

    private string SinkOf(string topic) => $"kafka://{kafka.Listener(Tls)}/{topic}";

    private Task<ProgramResult> ReplayAsync(string topic, string authorities, string certificate, string key) =>
        Executable.RunAsync(
            "replay",
            "-r",
            Executable.Sample("dns.pcap"),
            "--to",
            $"{SinkOf(topic)}?timeout=5",
            "--set",
            "kafka.security.protocol=SSL",
            "--set",
            $"kafka.ssl.ca.location={authorities}",
            "--set",
            $"kafka.ssl.certificate.location={certificate}",
            "--set",
            $"kafka.ssl.key.location={key}"
        );

    /// <summary>The authority that the brokers trust.</summary>
    private X509Certificate2 Authority() => X509CertificateLoader.LoadPkcs12FromFile(At("ca.p12"), "flowpipe");

    private static X509Certificate2 NewAuthority()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=somebody else", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private (string Certificate, string Key) Issue(string name, X509Certificate2 authority, bool expired)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=client", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        DateTimeOffset end = DateTimeOffset.UtcNow.AddHours(expired ? -1 : 1);
        DateTimeOffset begin = new(authority.NotBefore.AddSeconds(1));
        using RSA signer = authority.GetRSAPrivateKey()!;
        using X509Certificate2 signed = request.Create(
            authority.SubjectName,
            X509SignatureGenerator.CreateForRSA(signer, RSASignaturePadding.Pkcs1),
            begin < end ? begin : end.AddHours(-1),
            end,
            RandomNumberGenerator.GetBytes(8)
        );
        File.WriteAllText(At($"{name}.pem"), signed.ExportCertificatePem());
        File.WriteAllText(At($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
        return (At($"{name}.pem"), At($"{name}.key"));
    }
}
