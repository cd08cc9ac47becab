using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>
/// The configurations of compose/connect in Kafka's own Connect. Kafka's file sink writes values only, so a sink of our own shows what a sink gets as
/// key; where an Avro converter would be needed, which Kafka does not have, the transforms are given JSON of the same fields.
/// </summary>
public sealed class ConnectTests(SharedCluster cluster)
{
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ASinkGetsEachRecordUnderItsId()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        using var folder = new TemporaryFolder();
        string plugins = await CompileAsync(folder);
        string lines = Path.Combine(folder.Path, "sessions.json");
        string documents = await SharedCluster.CreateAsync(kafka, "connect.json");
        (
            await Executable.RunAsync("replay", "-r", Executable.Sample("dns.pcap"), "--to", documents, "--to", $"ndjson:{lines}")
        ).Succeeded();
        string records = await SharedCluster.CreateAsync(kafka, "connect.avro", 1);
        string[] ids = Documents.Ids(Documents.OfFile(lines));
        await ProduceAsync(folder, kafka, records, ids);

        string worker = Properties(
            folder,
            "worker",
            ("bootstrap.servers", kafka.Address),
            ("offset.storage.file.filename", Path.Combine(folder.Path, "offsets")),
            ("plugin.path", plugins),
            ("listeners", $"http://127.0.0.1:{FreePort()}"),
            ("plugin.discovery", "only_scan") // our sink has no manifest
        );
        string fromJson = Path.Combine(folder.Path, "from-json");
        string fromAvro = Path.Combine(folder.Path, "from-avro");
        using var connect = new ProgramRun(
            kafka.Program,
            [
                "tool",
                "connect-standalone",
                worker,
                Properties(folder, "sessions-json", ("connector.class", "KeyedFileSink"), ("file", fromJson), ("topics", "connect.json")),
                Properties(
                    folder,
                    "sessions-avro",
                    ("connector.class", "KeyedFileSink"),
                    ("file", fromAvro),
                    ("topics", "connect.avro"),
                    ("value.converter", "org.apache.kafka.connect.json.JsonConverter"),
                    ("value.converter.schemas.enable", "false")
                ),
            ],
            limit: TimeSpan.FromMinutes(3)
        );
        foreach (string file in (string[])[fromJson, fromAvro])
        {
            while (!File.Exists(file) || File.ReadAllLines(file).Length < ids.Length)
            {
                Assert.False(connect.HasEnded, connect.Error);
                await Task.Delay(100, Stop);
            }
            Assert.Equal(ids, File.ReadAllLines(file).Select(static line => line.Split('\t')[0]).Order(StringComparer.Ordinal));
        }
        connect.Terminate();
    }

    /// <summary>A configuration of compose/connect with some of its properties replaced, all of which it must have.</summary>
    private static string Properties(TemporaryFolder folder, string name, params (string Name, string Value)[] changed)
    {
        string[] additional = ["listeners", "plugin.discovery", "value.converter.schemas.enable"];
        List<string> lines = [.. File.ReadAllLines(Repository.Path("compose", "connect", name + ".properties"))];
        foreach ((string property, string value) in changed)
        {
            int there = lines.FindIndex(line => line.StartsWith(property + "=", StringComparison.Ordinal));
            Assert.True(there >= 0 || additional.Contains(property), $"{name}.properties does not set {property}");
            if (there >= 0)
                lines.RemoveAt(there);
            lines.Add($"{property}={value}");
        }
        return folder.Write(name + ".properties", Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private static async Task ProduceAsync(TemporaryFolder folder, RealKafka kafka, string uri, string[] ids)
    {
        string values = folder.Write(
            "values",
            Encoding.UTF8.GetBytes(string.Concat(ids.Select(static id => $$"""1:community={"id":"{{id}}","node":"n"}{{'\n'}}""")))
        );
        string topic = uri[(uri.LastIndexOf('/') + 1)..];
        using var produce = new ProgramRun("kcat", ["-P", "-b", kafka.Address, "-t", topic, "-K", "=", "-l", values]);
        (await produce.EndAsync()).Succeeded();
    }

    private static async Task<string> CompileAsync(TemporaryFolder folder)
    {
        string shared = Repository.Path("..", "shared", "kafka", "libs");
        string classes = Directory.CreateDirectory(Path.Combine(folder.Path, "plugins", "keyed")).FullName;
        string source = Repository.Path("tests", "Kafka", "Connect", "KeyedFileSink.java");
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(static path => File.Exists(Path.Combine(path, "javac"))),
            "a JDK is not here"
        );
        using var javac = new ProgramRun("javac", ["-cp", $"{shared}/*", "-d", classes, source]);
        (await javac.EndAsync()).Succeeded();
        // Connect takes a folder of jars, or of classes beside one.
        using var jar = new ProgramRun("jar", ["--create", "--file", Path.Combine(classes, "keyed.jar"), "-C", classes, "."]);
        (await jar.EndAsync()).Succeeded();
        return Path.Combine(folder.Path, "plugins");
    }

    private static string FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }
}
