using System.Collections;
using System.Globalization;
using System.Text;
using CsCheck;
using FlowPipe.Core;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class ConfigurationTests : IDisposable
{
    private static readonly ConfigSource Flag = new(ConfigLayer.Flag, "--set");

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Keys => [.. ConfigKeys.All.Select(key => key.Path)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LaterLayersWin()
    {
        string file = Yaml("sessions:\n  tcpTimeout: 11\n  udpTimeout: 12\n  icmpTimeout: 13\n");
        var environment = new Hashtable
        {
            ["FLOWPIPE__SESSIONS__UDPTIMEOUT"] = "22",
            ["FLOWPIPE__SESSIONS__ICMPTIMEOUT"] = "23",
            ["FLOWPIPE__FLOW_TIMEOUTS__UDP__EMERGENCY_NEW"] = "7",
            ["PATH"] = "x",
        };
        EffectiveConfig config = ConfigLoader.Load(file, environment, [ConfigLoader.ParseSet("sessions.icmpTimeout=33")]);

        Assert.Equal(11, config.Settings.Sessions.TcpTimeout);
        Assert.Equal(22, config.Settings.Sessions.UdpTimeout);
        Assert.Equal(33, config.Settings.Sessions.IcmpTimeout);
        Assert.Equal(60, config.Settings.Sessions.SctpTimeout);
        Assert.Equal(7, config.Settings.Sessions.FlowTimeouts.Udp.EmergencyNew);
        Assert.Equal($"file {file}:2", config.SourceOf("sessions.tcpTimeout").ToString());
        Assert.Equal("environment FLOWPIPE__SESSIONS__UDPTIMEOUT", config.SourceOf("sessions.udpTimeout").ToString());
        Assert.Equal("flag --set", config.SourceOf("sessions.icmpTimeout").ToString());
        Assert.Equal("default", config.SourceOf("sessions.sctpTimeout").ToString());
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void EveryKeyRoundTrips(string path)
    {
        ConfigKey key = ConfigKeys.Find(path)!;
        string[] other = Other(key);
        Assert.NotEqual(key.Read(new FlowPipeSettings()), other);
        var config = new EffectiveConfig();
        config.Set(new ConfigEntry(path.ToUpperInvariant(), other, Flag) { IsList = key.Kind == ConfigKind.List });
        Assert.Equal(other, key.Read(config.Settings));

        // As it is printed, and read as a file again; nothing else has changed on the way.
        using var yaml = new StringWriter();
        ConfigPrinter.WriteYaml(yaml, config);
        var again = new EffectiveConfig();
        foreach (ConfigEntry entry in YamlConfig.Read(new StringReader(yaml.ToString()), "printed.yaml"))
            again.Set(entry);
        foreach (ConfigKey each in ConfigKeys.All)
        {
            bool isSecret = each == key && Secrets.Mask(path, "x") != "x";
            Assert.Equal(isSecret ? ["***"] : each.Read(config.Settings), each.Read(again.Settings));
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void DefaultsAreAccepted(string path)
    {
        ConfigKey key = ConfigKeys.Find(path)!;
        var defaults = new FlowPipeSettings();
        Assert.NotNull(key.Apply(defaults, key.Read(defaults)));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void WrongValuesAreRefused(string path)
    {
        ConfigKey key = ConfigKeys.Find(path)!;
        string[] wrong = key.Kind switch
        {
            ConfigKind.Number when !key.Accepts.Contains("whole", StringComparison.Ordinal) => ["-2", "2147483647", "x", "", "1,5", "1e9"],
            ConfigKind.Number => ["-2", "2147483647", "x", "", "1.5", "99999999999999999999"],
            ConfigKind.Truth => ["maybe", "", "1"],
            ConfigKind.Text when key.Accepts.StartsWith("one of", StringComparison.Ordinal) => ["surely not", ""],
            _ => [],
        };
        foreach (string value in wrong)
        {
            var error = Assert.Throws<FlowPipeException>(() => new EffectiveConfig().Set(new ConfigEntry(path, [value], Flag)));
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Contains(key.Accepts, error.Message, StringComparison.Ordinal);
        }
        bool isList = key.Kind == ConfigKind.List;
        var twice = new ConfigEntry(path, isList ? ["", ""] : ["1", "2"], Flag) { IsList = true };
        Assert.Throws<FlowPipeException>(() => new EffectiveConfig().Set(twice));
    }

    [Theory]
    [InlineData("sessions.tcpTimeot", "sessions.tcpTimeout")]
    [InlineData("tcpTimeout", "sessions.tcpTimeout")]
    [InlineData("reading.maxPackets", "sessions.maxPackets")]
    [InlineData("nod", "node")]
    [InlineData("tag", "tags")]
    [InlineData("kafk", "kafka")]
    public void UnknownKeysSuggestTheNearest(string given, string meant)
    {
        var error = Assert.Throws<FlowPipeException>(() => new EffectiveConfig().Set(new ConfigEntry(given, ["1"], Flag)));
        Assert.Contains($"\"{given}\"; did you mean \"{meant}\"?", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "node: a\nsessions:\n  tcpTimeot: 1\n",
        ":3: there is no setting \"sessions.tcpTimeot\"; did you mean \"sessions.tcpTimeout\"?"
    )]
    [InlineData("node: a\nsession:\n  tcpTimeout: 1\n", ":2: there is no section \"session\"; did you mean \"sessions\"?")]
    [InlineData("\nsessions:\n  tcpTimeout: soon\n", ":3: sessions.tcpTimeout is \"soon\", but must be a whole number from 1 to 86400")]
    [InlineData("sessions:\n  tcpTimeout: [1, 2]\n", ":2: sessions.tcpTimeout is a list")]
    [InlineData("sessions:\n  tcpTimeout:\n", ":2: sessions.tcpTimeout has no value")]
    [InlineData("node:\n  a: b\n", ":1: node is a section")]
    [InlineData("node: a\nnode: b\n", ":2: node was already set on line 1")]
    [InlineData("- a\n- b\n", ":1: settings are written as 'name: value'")]
    [InlineData("node: &x a\nformat: *x\n", ":2: format must be a value")]
    [InlineData("node: 'a\n", "this is not YAML")]
    [InlineData("!<[> a: 1\n", "this is not YAML")]
    [InlineData("node: a\n---\nnode: b\n", "second document")]
    public void MistakesInAFileNameFileAndLine(string yaml, string message)
    {
        string file = Yaml(yaml);
        var error = Assert.Throws<FlowPipeException>(() => ConfigLoader.Load(file, new Hashtable(), []));
        Assert.StartsWith(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("---\n")]
    public void AFileMayBeEmpty(string yaml) => Assert.Empty(YamlConfig.Read(new StringReader(yaml), "empty.yaml"));

    [Fact]
    public void AMissingFileIsNamed()
    {
        var error = Assert.Throws<FlowPipeException>(() => ConfigLoader.Load("/nowhere/flowpipe.yaml", new Hashtable(), []));
        Assert.Contains("/nowhere/flowpipe.yaml", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyTextIsReadOrRefused()
    {
        string[] known =
        [
            "sessions:",
            "  ",
            "tcpTimeout",
            ": ",
            "[",
            "]",
            "{",
            "}",
            "- ",
            "\n",
            "&a",
            "*a",
            "!!x",
            "kafka",
            "7",
            "'",
            "\"",
            "? ",
            "|",
            "%",
            "---",
        ];
        Gen.OneOf(Gen.String, Gen.Int[0, known.Length - 1].Select(i => known[i]))
            .Array[0, 12]
            .Sample(parts =>
            {
                try
                {
                    var config = new EffectiveConfig();
                    foreach (ConfigEntry entry in YamlConfig.Read(new StringReader(string.Concat(parts)), "any.yaml"))
                        config.Set(entry);
                }
                catch (FlowPipeException e)
                {
                    Assert.Contains("any.yaml", e.Message, StringComparison.Ordinal);
                }
            });
    }

    [Fact]
    public void NestingHasALimit()
    {
        string deep = "kafka:" + string.Concat(Enumerable.Range(1, 1000).Select(depth => "\n" + new string(' ', depth) + "a:")) + " b\n";
        var error = Assert.Throws<FlowPipeException>(() => YamlConfig.Read(new StringReader(deep), "deep.yaml"));
        Assert.Contains("too deeply", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KafkaTakesAnyPropertyFromEveryLayer()
    {
        string file = Yaml("kafka:\n  compression.type: zstd\n  sasl:\n    username: me\n");
        var environment = new Hashtable { ["FLOWPIPE__KAFKA__SASL_PASSWORD"] = "hidden", ["FLOWPIPE__KAFKA__LOG___LEVEL"] = "7" };
        EffectiveConfig config = ConfigLoader.Load(file, environment, [ConfigLoader.ParseSet("kafka.linger.ms=5")]);

        Assert.Equal("zstd", config.Settings.Kafka["compression.type"]);
        Assert.Equal("me", config.Settings.Kafka["sasl.username"]);
        Assert.Equal("hidden", config.Settings.Kafka["sasl.password"]);
        Assert.Equal("7", config.Settings.Kafka["log_level"]);
        Assert.Equal("5", config.Settings.Kafka["linger.ms"]);
    }

    [Fact]
    public void TheRegistrysSettingsLieBesideLibrdkafkas()
    {
        string file = Yaml(
            "kafka:\n  schema.registry:\n    url: http://a:1,https://b\n    basic.auth.user.info: me:geheim\n  auto.register.schemas: true\n  linger.ms: 7\n"
        );
        var environment = new Hashtable { ["FLOWPIPE__KAFKA__VALUE_SUBJECT_NAME_STRATEGY"] = "RecordNameStrategy" };
        EffectiveConfig config = ConfigLoader.Load(file, environment, []);
        Assert.Equal(["http://a:1", "https://b"], config.Settings.Registry.Urls);
        Assert.True(config.Settings.Registry.AutoRegister);
        Assert.Equal(FlowPipe.Schemas.Registry.SubjectStrategy.RecordName, config.Settings.Registry.Strategy);
        Assert.Equal(["linger.ms"], config.Settings.Kafka.Keys); // librdkafka would refuse the others

        // What is printed can be used, but for the secret.
        using var yaml = new StringWriter();
        ConfigPrinter.WriteYaml(yaml, config);
        Assert.DoesNotContain("geheim", yaml.ToString(), StringComparison.Ordinal);
        EffectiveConfig again = ConfigLoader.Load(
            Yaml(yaml.ToString().Replace("\"***\"", "\"x:y\"", StringComparison.Ordinal)),
            new Hashtable(),
            []
        );
        Assert.Equal(config.Settings.Registry with { BasicAuth = "x:y", Urls = [] }, again.Settings.Registry with { Urls = [] });
        Assert.Equal("7", again.Settings.Kafka["linger.ms"]);

        var unknown = Assert.Throws<FlowPipeException>(() =>
            ConfigLoader.Load(null, new Hashtable(), [ConfigLoader.ParseSet("kafka.schema.registry.ulr=x")])
        );
        Assert.Contains("kafka.schema.registry.url", unknown.Message, StringComparison.Ordinal);
        var wrong = Assert.Throws<FlowPipeException>(() =>
            ConfigLoader.Load(null, new Hashtable(), [ConfigLoader.ParseSet("kafka.schema.registry.url=http://u:geheim@h")])
        );
        Assert.DoesNotContain("geheim", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SecretsAreNotShown()
    {
        var environment = new Hashtable
        {
            ["FLOWPIPE__KAFKA__SASL_PASSWORD"] = "geheim",
            ["FLOWPIPE__TO"] = "x://u:geheim@h/t?registry.token=geheim&a=b null:",
        };
        EffectiveConfig config = ConfigLoader.Load(null, environment, []);
        using var yaml = new StringWriter();
        ConfigPrinter.WriteYaml(yaml, config);
        using var json = new MemoryStream();
        ConfigPrinter.WriteJson(json, config);
        string shown = yaml + Encoding.UTF8.GetString(json.ToArray());

        Assert.DoesNotContain("geheim", shown, StringComparison.Ordinal);
        Assert.Contains("sasl.password: \"***\"", shown, StringComparison.Ordinal);
        Assert.Contains("x://u:***@h/t?registry.token=***&a=b", shown, StringComparison.Ordinal);
        Assert.Equal("geheim", config.Settings.Kafka["sasl.password"]);
    }

    [Fact]
    public void RoutesAreListsOfMappings()
    {
        string file = Yaml("routes:\n  - topic: a\n    protocols: [dns, mdns]\n  - {topic: b, tags: 'x&y', only: true}\n  - c?tag=z\n");
        EffectiveConfig config = ConfigLoader.Load(file, new Dictionary<string, string>(StringComparer.Ordinal), []);
        Assert.Equal(
            ["a?protocol=dns&protocol=mdns", "b?tag=x%26y&only=true", "c?tag=z"],
            config.Settings.Records.Routes.Select(static route => route.ToString())
        );
    }

    [Theory]
    [InlineData("- topic: a", ":2: a route needs a topic's name")]
    [InlineData("- protocols: [dns]", ":2: a route needs a topic's name")]
    [InlineData("- {topic: a, ports: 53}", "not \"ports\"")]
    [InlineData("- {topic: a, tags: x, only: maybe}", "not \"only\"")]
    [InlineData("- {topic: a, tags: {x: y}}", "tags of a route")]
    [InlineData("- {topic: a, tags: [[x]]}", "tags of a route")]
    [InlineData("- {topic: [a, b], tags: x}", "not \"topic\"")]
    public void WhatIsNoRouteIsSaid(string route, string message)
    {
        string file = Yaml($"routes:\n  {route}\n");
        FlowPipeException e = Assert.Throws<FlowPipeException>(() =>
            ConfigLoader.Load(file, new Dictionary<string, string>(StringComparer.Ordinal), [])
        );
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KeysAreWellFormedAndDocumented()
    {
        Assert.All(
            ConfigKeys.All,
            key =>
            {
                // Suricata's names have hyphens, and its timeouts a level for the protocol; Confluent's are words with dots.
                Assert.Matches(
                    key.Path.StartsWith("kafka.", StringComparison.Ordinal)
                        ? "^kafka(\\.[a-z]+)+$"
                        : "^([a-z][A-Za-z]*(-[a-z]+)?\\.){0,2}[a-z][A-Za-z0-9]*(-[a-z]+)?$",
                    key.Path
                );
                Assert.NotEmpty(key.Help);
                Assert.False(key.Help.EndsWith('.'), key.Path);
            }
        );
        // Sections stand together, so that the printed file has each of them once.
        string[] sections = [.. ConfigKeys.All.Select(key => key.Path.Split('.')).Select(parts => parts.Length == 1 ? "" : parts[0])];
        int changes = sections.Zip(sections.Skip(1)).Count(pair => pair.First != pair.Second);
        Assert.Equal(sections.Distinct().Count() - 1, changes);
    }

    private static string[] Other(ConfigKey key)
    {
        var defaults = new FlowPipeSettings();
        string now = key.Read(defaults) is [var first, ..] ? first : "";
        switch (key.Kind)
        {
            case ConfigKind.Number:
                int number = int.Parse(now, CultureInfo.InvariantCulture);
                string[] near = [(number + 1).ToString(CultureInfo.InvariantCulture), (number - 1).ToString(CultureInfo.InvariantCulture)];
                return [near.First(text => key.Apply(defaults, [text]) is not null)];
            case ConfigKind.Truth:
                return [now == "true" ? "false" : "true"];
            case ConfigKind.List when key.Path == "sessions.opaqueTunnels":
                return ["teredo", "vxlan"];
            case ConfigKind.List when key.Path.StartsWith("topics.", StringComparison.Ordinal):
                return ["retention.ms=60000", "max.message.bytes="];
            case ConfigKind.List when key.Path == "capture.interface":
                return ["eth0", "eth1=tcp port 443"];
            case ConfigKind.List when key.Path == "packets.packetDropIps":
                return ["10.0.0.0/8", "10.9.0.0/16=allow", ":53"];
            case ConfigKind.Text when key.Path == "reading.speed":
                return ["2.5x"];
            case ConfigKind.List when key.Path == "routes":
                return ["a?protocol=dns&protocol=mdns", "b?tag=x%20y&only=true"];
            case ConfigKind.Text when key.Path == "arkime.prefix":
                return ["other_"];
            case ConfigKind.Text when key.Path == "kafka.schema.registry.url":
                return ["http://a:8081,https://b/prefix"];
            case ConfigKind.List:
                return ["null:", "ndjson:a \"b\" #c.json"];
            case ConfigKind.Text when key.Path == "metrics.listen":
                return ["127.0.0.1:9464"];
            case ConfigKind.Text when key.Path.EndsWith(".topic", StringComparison.Ordinal):
                return ["some.other-topic_1"];
            case ConfigKind.Text when ByteSize.TryParse(now, out long bytes):
                return [ByteSize.Format(bytes + (1 << 20))];
            default:
                return
                [
                    key.Accepts.StartsWith("one of ", StringComparison.Ordinal)
                        ? key.Accepts["one of ".Length..].Split(", ").First(choice => choice != now)
                        : "a: 'b' \"c\" #d",
                ];
        }
    }

    private string Yaml(string text) => _folder.Write(Guid.NewGuid().ToString("N") + ".yaml", Encoding.UTF8.GetBytes(text));
}
