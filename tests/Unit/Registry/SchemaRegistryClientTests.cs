using System.Buffers;
using System.Text;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;
using FlowPipe.Tests.Unit.EndToEnd;

namespace FlowPipe.Tests.Unit.Registry;

public sealed class SchemaRegistryClientTests
{
    private const string Schema = """{"type":"record","name":"R","fields":[{"name":"n","type":"int"}]}""";
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ASchemaIsFoundByItsSubject()
    {
        using var registry = FakeRegistry.Of(7, "spi-value");
        using var client = new SchemaRegistryClient(Settings(registry.Url));
        Assert.Equal(new RegisteredSchema("spi-value", 7, 1), await client.FindAsync("spi-value", Schema, Stop));
        Assert.Null(await client.FindAsync("other-value", Schema, Stop));
        Assert.Equal([1], await client.VersionsAsync("spi-value", Stop));
        Assert.Empty(await client.VersionsAsync("other-value", Stop));
        // The schema goes there as text inside of JSON.
        using var body = System.Text.Json.JsonDocument.Parse(registry.Requests.First().Body);
        Assert.Equal(Schema, body.RootElement.GetProperty("schema").GetString());
    }

    [Fact]
    public async Task ASubjectsNameMayHaveAnything()
    {
        using var registry = new FakeRegistry(static _ => FakeRegistry.NoSubject);
        using var client = new SchemaRegistryClient(Settings(registry.Url + "/prefix/"));
        Assert.Null(await client.FindAsync("a/b?c", Schema, Stop));
        Assert.Equal("/prefix/subjects/a%2Fb%3Fc", Assert.Single(registry.Requests).Path);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    public async Task WhatMayPassIsTriedAgain(int status)
    {
        using var registry = FakeRegistry.Of(7, "s");
        Func<RegistryRequest, (int, string)> well = registry.Answer;
        registry.Answer = request => registry.Requests.Count <= 2 ? (status, "") : well(request);
        using var client = new SchemaRegistryClient(Settings(registry.Url) with { MaxRetries = 2 });
        Assert.Equal(7, (await client.FindAsync("s", Schema, Stop))?.Id);
        Assert.Equal(3, registry.Requests.Count);
    }

    [Fact]
    public async Task WhatDoesNotPassIsSaid()
    {
        using var registry = new FakeRegistry(static _ => (503, """{"error_code":50301,"message":"no leader"}"""));
        using var client = new SchemaRegistryClient(Settings(registry.Url) with { MaxRetries = 1 });
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.FindAsync("s", Schema, Stop));
        Assert.Equal(RegistryFault.Unreachable, e.Fault);
        Assert.Contains(registry.Url, e.Message, StringComparison.Ordinal);
        Assert.Contains("no leader", e.Message, StringComparison.Ordinal);
        Assert.Equal(2, registry.Requests.Count);
    }

    [Fact]
    public async Task AnotherAddressAnswersWhereOneIsDown()
    {
        using var registry = FakeRegistry.Of(9, "s");
        string down = $"http://127.0.0.1:{SilentServer.ClosedPort()}";
        using var client = new SchemaRegistryClient(Settings(down, registry.Url) with { MaxRetries = 0 });
        for (int i = 0; i < 20; i++)
            Assert.Equal(9, (await client.FindAsync("s", Schema, Stop))?.Id);
    }

    [Fact]
    public async Task OneThatNeverAnswersIsGivenUp()
    {
        using var registry = new FakeRegistry(static _ => (-1, ""));
        using var client = new SchemaRegistryClient(Settings(registry.Url) with { MaxRetries = 0, RequestTimeoutMs = 50 });
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.FindAsync("s", Schema, Stop));
        Assert.Equal(RegistryFault.Unreachable, e.Fault);
        Assert.Contains("schema.registry.request.timeout.ms", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OneThatStaysDownIsAskedLessAndLess()
    {
        using var registry = new FakeRegistry(static _ => (500, ""));
        using var client = new SchemaRegistryClient(Settings(registry.Url) with { MaxRetries = 0 });
        for (int i = 0; i < 30; i++)
            await Assert.ThrowsAsync<SchemaRegistryException>(() => client.FindAsync("s", Schema, Stop));
        Assert.InRange(registry.Requests.Count, 1, 29); // the circuit opens
    }

    [Fact]
    public async Task CredentialsGoWithEveryRequestAndIntoNoMessage()
    {
        using var registry = new FakeRegistry(static _ => (401, """{"error_code":401,"message":"Unauthorized"}"""));
        using var client = new SchemaRegistryClient(Settings(registry.Url) with { BasicAuth = "probe:geheim:x" });
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.FindAsync("s", Schema, Stop));
        Assert.Equal(RegistryFault.Unauthorized, e.Fault);
        Assert.DoesNotContain("geheim", e.ToString(), StringComparison.Ordinal);
        Assert.Contains("basic.auth.user.info", e.Message, StringComparison.Ordinal);
        string expected = Convert.ToBase64String(Encoding.UTF8.GetBytes("probe:geheim:x"));
        Assert.Equal($"Basic {expected}", Assert.Single(registry.Requests).Authorization);
        Assert.DoesNotContain("geheim", (Settings(registry.Url) with { BasicAuth = "probe:geheim" }).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(302, "")]
    [InlineData(200, "<html>a proxy's page</html>")]
    [InlineData(200, "[]")]
    [InlineData(422, """{"error_code":42201,"message":"Invalid schema"}""")]
    public async Task AnAnswerThatMakesNoSenseIsRefused(int status, string body)
    {
        using var registry = new FakeRegistry(_ => (status, body));
        using var client = new SchemaRegistryClient(Settings(registry.Url));
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.FindAsync("s", Schema, Stop));
        Assert.Equal(RegistryFault.Refused, e.Fault);
        Assert.Single(registry.Requests); // no redirect is followed, nothing is repeated
    }

    [Fact]
    public async Task CompatibilityIsTheRegistrysVerdict()
    {
        using var registry = new FakeRegistry(static request =>
            request.Path.StartsWith("/compatibility/", StringComparison.Ordinal)
                ? (200, """{"is_compatible":false,"messages":["field x"]}""")
            : request.Path.StartsWith("/config/", StringComparison.Ordinal) ? (200, """{"compatibilityLevel":"FULL"}""")
            : (409, """{"error_code":409,"message":"incompatible"}""")
        );
        using var client = new SchemaRegistryClient(Settings(registry.Url));
        RegistryVerdict verdict = await client.CheckAsync("s", Schema, Stop);
        Assert.False(verdict.IsCompatible);
        Assert.Equal(["field x"], verdict.Problems);
        Assert.Equal("FULL", await client.LevelAsync("s", Stop));
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.RegisterAsync("s", Schema, Stop));
        Assert.Equal(RegistryFault.Incompatible, e.Fault);
    }

    [Fact]
    public async Task WhatASchemaRefersToIsPutIntoIt()
    {
        const string Outer =
            """{\"type\":\"record\",\"name\":\"Outer\",\"namespace\":\"a\",\"fields\":[{\"name\":\"one\",\"type\":\"b.Inner\"},{\"name\":\"more\",\"type\":{\"type\":\"array\",\"items\":\"b.Inner\"}},{\"name\":\"own\",\"type\":[\"null\",\"Near\"]}]}""";
        using var registry = new FakeRegistry(static request =>
            request.Path switch
            {
                "/schemas/ids/3" => (
                    200,
                    $$"""{"schema":"{{Outer}}","references":[{"name":"b.Inner","subject":"inner","version":2},{"name":"a.Near","subject":"near","version":1}]}"""
                ),
                "/subjects/inner/versions/2" => (
                    200,
                    """{"schema":"{\"type\":\"record\",\"name\":\"Inner\",\"namespace\":\"b\",\"fields\":[{\"name\":\"deep\",\"type\":\"c.Deep\"}]}","references":[{"name":"c.Deep","subject":"deep","version":1}]}"""
                ),
                "/subjects/near/versions/1" => (200, """{"schema":"{\"type\":\"enum\",\"name\":\"a.Near\",\"symbols\":[\"X\",\"Y\"]}"}"""),
                "/subjects/deep/versions/1" => (200, """{"schema":"{\"type\":\"fixed\",\"name\":\"c.Deep\",\"size\":2}"}"""),
                _ => (404, """{"error_code":40403,"message":"Schema not found"}"""),
            }
        );
        using var client = new SchemaRegistryClient(Settings(registry.Url));
        var reader = new AvroJsonReader((await client.SchemaAsync(3, Stop))!);
        Assert.Equal("a.Outer", reader.Name);
        var json = new ArrayBufferWriter<byte>();
        reader.Write(new byte[] { 0xAA, 0xBB, 2, 0xCC, 0xDD, 0, 2, 2 }, json);
        Assert.Equal("""{"one":{"deep":"aabb"},"more":[{"deep":"ccdd"}],"own":"Y"}""", Encoding.UTF8.GetString(json.WrittenSpan));
        Assert.Null(await client.SchemaAsync(4, Stop));
    }

    [Fact]
    public async Task SchemasThatReferToEachOtherForEverEnd()
    {
        int number = 0;
        using var registry = new FakeRegistry(_ =>
        {
            number++;
            return (200, $$"""{"schema":"\"int\"","references":[{"name":"n{{number}}","subject":"s","version":{{number}}}]}""");
        });
        using var client = new SchemaRegistryClient(Settings(registry.Url));
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.SchemaAsync(1, Stop));
        Assert.Equal(RegistryFault.Refused, e.Fault);
    }

    [Fact]
    public async Task OtherKindsOfSchemasAreRefused()
    {
        using var registry = new FakeRegistry(static _ => (200, """{"schemaType":"PROTOBUF","schema":"syntax = \"proto3\";"}"""));
        using var client = new SchemaRegistryClient(Settings(registry.Url));
        SchemaRegistryException e = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.SchemaAsync(1, Stop));
        Assert.Contains("PROTOBUF", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ca")]
    [InlineData("certificate")]
    [InlineData("keystore")]
    public void FilesThatCannotBeReadAreNamed(string which)
    {
        RegistrySettings settings = Settings("https://127.0.0.1:1");
        settings = which switch
        {
            "ca" => settings with { CaLocation = "/nowhere/x.pem" },
            "certificate" => settings with { CertificateLocation = "/nowhere/x.pem" },
            _ => settings with { KeystoreLocation = "/nowhere/x.pem" },
        };
        SchemaRegistryException e = Assert.Throws<SchemaRegistryException>(() => new SchemaRegistryClient(settings));
        Assert.Equal(RegistryFault.Settings, e.Fault);
        Assert.Contains($"kafka.schema.registry.ssl.{which}.location: /nowhere/x.pem", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://h:8081", true)]
    [InlineData("https://h/prefix", true)]
    [InlineData("http://u:p@h:8081", false)]
    [InlineData("h:8081", false)]
    [InlineData("ftp://h", false)]
    [InlineData("http://h?x=1", false)]
    [InlineData("", false)]
    public void AddressesAreWhatTheyShouldBe(string text, bool isUrl) => Assert.Equal(isUrl, RegistrySettings.IsUrl(text));

    private static RegistrySettings Settings(params string[] urls) =>
        new()
        {
            Urls = urls,
            MaxRetries = 1,
            RetryWaitMs = 1,
            RetryMaxWaitMs = 5,
        };
}
