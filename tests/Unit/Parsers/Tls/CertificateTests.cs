using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.Parsers.Tls.Handshakes;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>Certificates that the framework makes, as servers send them.</summary>
public sealed class CertificateTests
{
    private static readonly DateTimeOffset From = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset To = new(2021, 1, 2, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task OneOfItsOwn()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=WWW.Ümlaut.example, O=Org AG, OU=Unit 1, OU=Unit 2", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("A.example");
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddDnsName("b.example");
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = request.CreateSelfSigned(From, To);

        GatheredRecord record = await ServerAsync(certificate.RawData);
        Dictionary<string, string> found = Assert.Single(CertificatesOf(record));
        Assert.Equal(certificate.Thumbprint.ToLowerInvariant(), found["cert.hash"].Replace(":", "", StringComparison.Ordinal));
        Assert.Equal(59, found["cert.hash"].Length);
        Assert.Equal(certificate.SerialNumber.ToLowerInvariant(), found["cert.serial"]);
        Assert.Equal("www.ümlaut.example", found["cert.subject.cn"]);
        Assert.Equal("www.ümlaut.example", found["cert.issuer.cn"]);
        Assert.Equal("Org AG", found["cert.subject.on"]);
        Assert.Equal("Unit 2 Unit 1", found["cert.subject.ou"]);
        Assert.Equal("a.example b.example", found["cert.alt"]);
        Assert.Equal("id-ecPublicKey", found["cert.publicAlgorithm"]);
        Assert.Equal("prime256v1", found["cert.curve"]);
        Assert.Equal(From.ToUnixTimeMilliseconds().ToString(), found["cert.notbefore"]);
        Assert.Equal(To.ToUnixTimeMilliseconds().ToString(), found["cert.notafter"]);
        Assert.Equal("367", found["cert.validfor"]);
        Assert.Equal("31752000", found["cert.validforSeconds"]);
        // The conversation's packets are of 1970.
        Assert.Equal(To.ToUnixTimeSeconds().ToString(), found["cert.remainingSeconds"]);
        Assert.Equal((To.ToUnixTimeSeconds() / 86_400).ToString(), found["cert.remainingDays"]);
        Assert.Equal("cert:self-signed", record.Texts("tags"));
    }

    [Fact]
    public async Task AnAuthority()
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=root", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true)
        );
        using X509Certificate2 certificate = request.CreateSelfSigned(From, To);
        GatheredRecord record = await ServerAsync(certificate.RawData, certificate.RawData);
        Dictionary<string, string> found = Assert.Single(CertificatesOf(record));
        Assert.Equal("rsaEncryption", found["cert.publicAlgorithm"]);
        Assert.False(found.ContainsKey("cert.curve"));
        Assert.Equal("cert:certificate-authority", record.Texts("tags"));
    }

    /// <summary>A chain takes several segments; of what was not captured to its end, what there is.</summary>
    [Fact]
    public async Task CutOffAnywhere()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var request = new CertificateRequest("CN=a, O=b", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(From, To);
        byte[] flight = Flight(certificate.RawData);
        for (int length = 60; length < flight.Length; length += 5)
        {
            GatheredRecord record = await new Exchange().Server(flight[..length]).TcpAsync();
            foreach (Dictionary<string, string> found in CertificatesOf(record))
                Assert.Equal("b", found["cert.subject.on"]);
        }
        GatheredRecord whole = await new Exchange().Server(flight).TcpAsync();
        GatheredRecord split = await new Exchange().Server(flight).TcpAsync(segment: 1);
        Assert.Equal(Assert.Single(CertificatesOf(whole)), Assert.Single(CertificatesOf(split)));
        Assert.Equal("secp384r1", CertificatesOf(whole)[0]["cert.curve"]);
    }

    [Fact]
    public async Task WrongBytesAnywhere()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(From, To);
        for (int at = 0; at < certificate.RawData.Length; at += 5)
        {
            byte[] wrong = [.. certificate.RawData];
            wrong[at] ^= 0x85;
            GatheredRecord record = await ServerAsync(wrong);
            Assert.Equal("TLSv1.2", record.Texts("tls.version"));
        }
    }

    private static Task<GatheredRecord> ServerAsync(params byte[][] certificates) => new Exchange().Server(Flight(certificates)).TcpAsync();

    private static byte[] Flight(params byte[][] certificates) =>
        [
            .. Record(22, Message(2, ServerHello(0x0303, 0xC02F, []))),
            .. Record(22, [.. Message(11, Certificates(certificates)), .. Message(14, [])]),
        ];

    /// <summary>The fields of each certificate of a record; sets in one line.</summary>
    internal static List<Dictionary<string, string>> CertificatesOf(GatheredRecord record)
    {
        FieldDictionary dictionary = FieldDictionary.Default;
        return record.Records(
            "cert",
            [.. dictionary.Fields.Where(static field => field.Name.StartsWith("cert.", StringComparison.Ordinal))]
        );
    }
}
