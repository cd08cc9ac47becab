using System.Globalization;
using System.Text.Json;
using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>Topics of a real Kafka with a real registry, read by clients that are not ours, and those of others read by ours.</summary>
public sealed class ClientTests(SharedCluster cluster)
{
    private const string Topic = "clients.avro";
    private const string Grouped = "clients.groups";
    private static readonly CancellationToken Stop = TestContext.Current.CancellationToken;

    /// <summary>Reads a topic, and each record by the schema that the registry has of its number. Prints id, number, and the value in hexadecimal.</summary>
    private const string PythonReader = """
        import io, json, sys, urllib.request
        import avro.io, avro.schema
        from confluent_kafka import Consumer, TopicPartition
        brokers, topic, registry = sys.argv[1:]
        consumer = Consumer({"bootstrap.servers": brokers, "group.id": "python", "enable.partition.eof": True})
        partitions = consumer.list_topics(topic, 10).topics[topic].partitions
        consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
        left, readers = len(partitions), {}
        while left:
            message = consumer.poll(10)
            if message is None:
                sys.exit("no message in 10 s")
            if message.error():
                left -= 1
                continue
            value = message.value()
            number = int.from_bytes(value[1:5], "big")
            if value[0] or number not in readers:
                with urllib.request.urlopen(f"{registry}/schemas/ids/{number}") as answer:
                    readers[number] = avro.io.DatumReader(avro.schema.parse(json.load(answer)["schema"]))
            record = readers[number].read(avro.io.BinaryDecoder(io.BytesIO(value[5:])))
            print(record["id"], number, value.hex())
        """;

    private const string NodeReader = """
        const avro = require(process.argv[2]);
        // nanoseconds since 1970 are more than JavaScript's numbers hold
        const long = avro.types.LongType.__with({
          fromBuffer: buffer => buffer.readBigInt64LE(), toBuffer: () => Buffer.alloc(8), fromJSON: BigInt, toJSON: Number,
          isValid: value => typeof value === 'bigint', compare: (a, b) => Number(a - b),
        });
        const type = avro.Type.forSchema(JSON.parse(require('fs').readFileSync(process.argv[3], 'utf8')), { registry: { long } });
        for (const line of require('fs').readFileSync(process.argv[4], 'utf8').trim().split('\n'))
          console.log(type.fromBuffer(Buffer.from(line, 'hex').subarray(5)).id);
        """;

    [Fact]
    public async Task EveryClientReadsEveryRecord()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        RealRegistry registry = await cluster.RegistryAsync();
        using var folder = new TemporaryFolder();
        foreach (string topic in (string[])[Topic, "clients.json", "clients.arkime"])
            await SharedCluster.CreateAsync(kafka, topic);
        (
            await Executable.RunAsync(
                "schema",
                "register",
                "--registry",
                registry.Url,
                "--topic",
                Topic,
                "--compatibility",
                "FULL_TRANSITIVE"
            )
        ).Succeeded();
        JsonElement registered = await registry.AskAsync(HttpMethod.Get, $"subjects/{Topic}-value/versions/1");
        string number = registered.GetProperty("id").GetRawText();

        string lines = Path.Combine(folder.Path, "sessions.json");
        ProgramResult run = (
            await Executable.RunAsync([
                "replay",
                .. Inputs(),
                "--registry",
                registry.Url,
                "--to",
                $"kafka://{kafka.Address}/{Topic}",
                "--to",
                $"kafka://{kafka.Address}/clients.json?format=json",
                "--to",
                $"kafka://{kafka.Address}/clients.arkime?format=bulk",
                "--to",
                $"ndjson:{lines}",
            ])
        ).Succeeded();
        string[] ids = Documents.Ids(Documents.OfFile(lines));
        Assert.Equal(ids.Length, run.Ledger($"records delivered to kafka://{kafka.Address}/clients.arkime"));

        // Ours, from all three forms
        foreach (string topic in (string[])[Topic, "clients.json", "clients.arkime"])
        {
            ProgramResult ours = await Executable.RunAsync(
                "consume",
                "--from",
                $"kafka://{kafka.Address}/{topic}?registry={registry.Url}",
                "--format",
                "sessions3"
            );
            Assert.Equal(Documents.Sorted(await File.ReadAllTextAsync(lines, Stop)), Documents.Sorted(ours.Succeeded().Out));
        }

        // kcat: whole values of JSON, and how long those of Avro are
        using var kcat = new ProgramRun("kcat", ["-b", kafka.Address, "-t", "clients.json", "-C", "-e", "-q"]);
        Assert.Equal(ids, Documents.Ids(Documents.Parse((await kcat.EndAsync()).Succeeded().Out)));

        // Kafka's own console consumer
        ProgramResult console = (
            await kafka.ToolAsync(
                "console-consumer",
                "--topic",
                "clients.json",
                "--from-beginning",
                "--max-messages",
                ids.Length.ToString(CultureInfo.InvariantCulture),
                "--timeout-ms",
                "20000"
            )
        ).Succeeded();
        Assert.Equal(ids, Documents.Ids(Documents.Parse(console.Out)));

        // Python with confluent-kafka and avro: by the number in each message
        string script = folder.Write("read.py", System.Text.Encoding.UTF8.GetBytes(PythonReader));
        using var python = new ProgramRun("/usr/bin/python3", [script, kafka.Address, Topic, registry.Url]);
        string[][] read = [.. (await python.EndAsync()).Succeeded().Lines.Select(static line => line.Split(' '))];
        Assert.Equal(ids, read.Select(static parts => parts[0]).Order(StringComparer.Ordinal));
        Assert.All(read, parts => Assert.Equal(number, parts[1]));

        // avsc, where it is installed (`make test` does that)
        string avsc = Repository.Path("artifacts", "node", "node_modules", "avsc");
        if (Directory.Exists(avsc))
        {
            string reader = folder.Write("read.js", System.Text.Encoding.UTF8.GetBytes(NodeReader));
            string avro = folder.Write("session.avsc", System.Text.Encoding.UTF8.GetBytes(registered.GetProperty("schema").GetString()!));
            string values = folder.Write(
                "values",
                System.Text.Encoding.UTF8.GetBytes(string.Join('\n', read.Select(static parts => parts[2])))
            );
            using var node = new ProgramRun("node", [reader, avsc, avro, values]);
            Assert.Equal(ids, (await node.EndAsync()).Succeeded().Lines.Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task GroupsPartitionsAndTimesChooseWhatIsRead()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        string topic = await SharedCluster.CreateAsync(kafka, Grouped, 2);
        string[] replay = ["replay", "-r", Executable.Sample("dns.pcap"), "--to", topic];
        (await Executable.RunAsync(replay)).Succeeded();
        string[] all = Documents.Sorted((await ConsumeAsync(topic)).Out);

        string[] apart = [.. (await ConsumeAsync(topic, "--partition", "0")).Lines, .. (await ConsumeAsync(topic, "-p", "1")).Lines];
        Assert.Equal(all, Documents.Sorted(string.Join('\n', apart)));
        (await Executable.RunAsync("consume", "--from", topic, "-p", "2")).Said(1, "no partition 2").WithoutBug();

        // A group goes on where it left off, also after a part of a batch.
        ProgramResult first = await ConsumeAsync(topic, "--group", "g", "-n", "3");
        Assert.Equal(3, first.Lines.Length);
        ProgramResult rest = await ConsumeAsync(topic, "--group", "g");
        Assert.Equal(all, Documents.Sorted(first.Out + rest.Out));
        Assert.Empty((await ConsumeAsync(topic, "--group", "g")).Lines);
        Assert.Equal(all.Length, (await ConsumeAsync(topic, "--group", "h")).Lines.Length);

        // Between the two runs lies a second that belongs to neither.
        await Task.Delay(1100, Stop);
        string between = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        await Task.Delay(100, Stop);
        Assert.Empty((await ConsumeAsync(topic, "--since", between)).Lines);
        (await Executable.RunAsync([.. replay, "--tag", "later"])).Succeeded();
        Assert.Equal(all, Documents.Sorted((await ConsumeAsync(topic, "--until", between)).Out));
        string later = (await ConsumeAsync(topic, "--since", between)).Out;
        Assert.Equal(all.Length, later.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(Documents.Parse(later), static document => Assert.Equal("later", document.GetProperty("tags")[0].GetString()));
        Assert.Equal(all.Length, (await ConsumeAsync(topic, "--where", "tags == later")).Lines.Length);
        Assert.Equal(2 * all.Length, (await ConsumeAsync(topic, "--since", "1d")).Lines.Length);

        // Followed, and stopped
        using var follow = ProgramRun.WithSignals("consume", "--from", topic, "--group", "f", "--follow", "--format", "sessions3");
        await Task.Delay(8000, Stop);
        follow.Interrupt();
        Assert.Equal(2 * all.Length, (await follow.EndAsync()).Succeeded().Lines.Length);
        Assert.Empty((await ConsumeAsync(topic, "--group", "f")).Lines);
    }

    [Fact]
    public async Task RecordsOfOthersAreShownByTheirSchema()
    {
        RealKafka kafka = await cluster.KafkaAsync();
        await SharedCluster.CreateAsync(kafka, "orders", 1);
        await using RealRegistry registry = await RealRegistry.StartAsync();
        using var folder = new TemporaryFolder();
        const string Item =
            """{\"type\":\"record\",\"name\":\"Item\",\"namespace\":\"shop\",\"fields\":[{\"name\":\"price\",\"type\":\"double\"}]}""";
        const string Order =
            """{\"type\":\"record\",\"name\":\"Order\",\"namespace\":\"shop\",\"fields\":[{\"name\":\"customer\",\"type\":\"string\"},{\"name\":\"items\",\"type\":{\"type\":\"array\",\"items\":\"shop.Item\"}}]}""";
        await registry.AskAsync(HttpMethod.Post, "subjects/item/versions", $$"""{"schema":"{{Item}}"}""");
        JsonElement order = await registry.AskAsync(
            HttpMethod.Post,
            "subjects/orders-value/versions",
            $$"""{"schema":"{{Order}}","references":[{"name":"shop.Item","subject":"item","version":1}]}"""
        );
        byte id = order.GetProperty("id").GetByte();
        string good = folder.Write("good", [0, 0, 0, 0, id, 6, (byte)'a', (byte)'n', (byte)'n', 2, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 0]);
        string cut = folder.Write("cut", [0, 0, 0, 0, id, 6, (byte)'a']);
        string unknown = folder.Write("unknown", [0, 0, 0, 0, 99, 6]);
        foreach (string file in (string[])[good, cut, unknown, good])
        {
            using var produce = new ProgramRun("kcat", ["-P", "-b", kafka.Address, "-t", "orders", file]);
            (await produce.EndAsync()).Succeeded();
        }
        string[] consume = ["consume", "--from", $"kafka://{kafka.Address}/orders", "--registry", registry.Url];
        ProgramResult json = await Executable.RunAsync([.. consume, "--format", "json"]);
        json.Said(1, "can't be read", "number 99, is not in the registry").Said(1, "can't be read", "wanted").WithoutBug();
        Assert.Equal(["""{"customer":"ann","items":[{"price":1.5}]}""", """{"customer":"ann","items":[{"price":1.5}]}"""], json.Lines);
        ProgramResult filtered = await Executable.RunAsync([.. consume, "--format", "json", "--where", "items.price > 2"]);
        Assert.Empty(filtered.Ended(1).Lines);
        ProgramResult table = await Executable.RunAsync(consume);
        Assert.Equal(["customer", "ann", "ann"], table.Ended(1).Lines.Select(static line => line.Trim()));
        (await Executable.RunAsync([.. consume, "--format", "sessions3"]))
            .Said(1, "its schema is shop.Order; --format json shows it")
            .WithoutBug();

        // Without the registry nothing can be read, and it says so.
        await registry.DisposeAsync();
        (await Executable.RunAsync([.. consume, "--set", "kafka.schema.registry.max.retries=0"]))
            .Said(1, "schema registry", registry.Url)
            .WithoutBug();
    }

    private static async Task<ProgramResult> ConsumeAsync(string topic, params string[] more) =>
        (await Executable.RunAsync(["consume", "--from", topic, "--format", "sessions3", .. more])).Succeeded();

    private static string[] Inputs() =>
        string.IsNullOrEmpty(Environment.GetEnvironmentVariable("FLOWPIPE_KAFKA_LONG"))
            ? ["-r", Executable.Sample("dns.pcap"), Executable.Sample("http.pcap"), Executable.Sample("vlan.pcap")]
            : ["-R", Repository.Path("samples"), "--sorted"];
}
