namespace FlowPipe.Core.Emitting;

/// <summary>librdkafka's settings: ours, over them the user's, except for those that would undo what FlowPipe promises.</summary>
internal static class KafkaClientSettings
{
    /// <summary>Words in the names of settings whose values are nobody's business.</summary>
    private static readonly string[] SecretWords =
    [
        "password",
        "secret",
        "ssl.key.pem",
        "oauthbearer.config",
        "keystore.pem",
        "basic.auth",
        "passphrase",
        "private.key.pem",
    ];

    /// <summary>With a spool: what the queue holds so long is safer on the disk. A leader election takes less.</summary>
    private const string SpoolTimeoutMs = "30000";

    /// <summary>How the names of settings begin that say how brokers are reached.</summary>
    private static readonly string[] SharedPrefixes =
    [
        "security.",
        "ssl.",
        "sasl.",
        "socket.",
        "broker.",
        "reconnect.",
        "client.",
        "enable.ssl.",
        "enable.sasl.",
        "debug",
    ];

    /// <summary>Second names of settings that we set.</summary>
    private static readonly string[] Aliases =
    [
        "request.required.acks",
        "compression.type",
        "queue.buffering.max.ms",
        "delivery.timeout.ms",
    ];

    /// <summary>For the sink's producer.</summary>
    /// <param name="brokers">Where they are.</param>
    /// <param name="user">The user's settings.</param>
    /// <param name="hasSpool">Whether a message that is not delivered in time has somewhere to go.</param>
    /// <exception cref="FlowPipeException">A setting of the user's is refused; the message names it and says why.</exception>
    public static Dictionary<string, string> ForProducer(string brokers, IReadOnlyDictionary<string, string> user, bool hasSpool = false)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = brokers,
            ["client.id"] = "flowpipe",
            ["enable.idempotence"] = "true",
            ["acks"] = "all",
            ["partitioner"] = "murmur2_random",
            ["compression.codec"] = "zstd",
            ["linger.ms"] = "20",
            ["queue.buffering.max.kbytes"] = "65536", // the queue's limit is in bytes …
            ["queue.buffering.max.messages"] = "0", // … not in messages
            ["message.timeout.ms"] = hasSpool ? SpoolTimeoutMs : "0", // files wait
            ["dotnet.producer.delivery.report.fields"] = "status", // the rest is kept with the message
        };
        foreach ((string name, string value) in user)
        {
            RefuseShared(name);
            if (RefusedOfProducer(name, value) is { } reason)
            {
                throw new FlowPipeException($"setting kafka.{name}={value}: {reason}");
            }

            settings.Remove(CanonicalOf(name));
            settings[name] = value;
        }

        return settings;
    }

    /// <summary>For a producer of transactions: the same, but a message must be delivered while its transaction lasts.</summary>
    /// <exception cref="FlowPipeException">A setting of the user's is refused.</exception>
    public static Dictionary<string, string> ForTransactions(string brokers, IReadOnlyDictionary<string, string> user)
    {
        Dictionary<string, string> settings = ForProducer(brokers, user);
        if (!user.ContainsKey("message.timeout.ms") && !user.ContainsKey("delivery.timeout.ms"))
        {
            settings.Remove("message.timeout.ms"); // librdkafka takes the time limit of transactions
        }
        settings.TryAdd("transaction.timeout.ms", "60000");
        return settings;
    }

    /// <summary>Those of a producer's settings that a consumer takes as well: how brokers are reached.</summary>
    public static Dictionary<string, string> SharedOf(IReadOnlyDictionary<string, string> user)
    {
        var shared = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, string value) in user)
        {
            foreach (string prefix in SharedPrefixes)
            {
                if (name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    shared[name] = value;
                }
            }
        }

        return shared;
    }

    /// <summary>For reading a topic from end to end, or as a member of a group.</summary>
    public static Dictionary<string, string> ForConsumer(string brokers, IReadOnlyDictionary<string, string> user, string? group = null)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["bootstrap.servers"] = brokers,
            ["client.id"] = "flowpipe",
            ["group.id"] = "flowpipe", // must be there, is not used: partitions are assigned, nothing is committed
        };
        foreach ((string name, string value) in user)
        {
            RefuseShared(name);
            settings[name] = value;
        }

        if (group is not null)
        {
            settings["group.id"] = group;
        }

        settings["enable.auto.commit"] = "false"; // a group's place is kept when records have been shown, not when they were fetched
        settings["enable.auto.offset.store"] = "false";
        settings["enable.partition.eof"] = "true";
        settings["auto.offset.reset"] = "error"; // what the broker has dropped before it was read must not go unnoticed
        return settings;
    }

    /// <summary>librdkafka's complaint about the settings: under the names that were used, and without secrets.</summary>
    public static string Complaint(string message, IReadOnlyDictionary<string, string> settings)
    {
        foreach (string alias in Aliases)
        {
            string ours = CanonicalOf(alias);
            if (settings.ContainsKey(ours) && !settings.ContainsKey(alias))
            {
                message = message.Replace($"\"{alias}\"", $"\"{ours}\"", StringComparison.Ordinal);
            }
        }

        return Mask(message, settings);
    }

    /// <summary>Takes the values of secret settings out of a text.</summary>
    public static string Mask(string text, IReadOnlyDictionary<string, string> settings)
    {
        foreach ((string name, string value) in settings)
        {
            if (value.Length > 0 && IsSecret(name))
            {
                text = text.Replace(value, "***", StringComparison.Ordinal);
            }
        }

        return text;
    }

    private static bool IsSecret(string name)
    {
        foreach (string word in SecretWords)
        {
            if (name.Contains(word, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static void RefuseShared(string name)
    {
        string? reason = name switch
        {
            "bootstrap.servers" or "metadata.broker.list" => "the brokers are those of kafka://BROKERS/TOPIC",
            "test.mock.num.brokers" => "write kafka://embedded/TOPIC for a broker inside the process",
            _ when name.StartsWith("dotnet.", StringComparison.Ordinal) => "it is no setting of librdkafka's",
            _ => null,
        };
        if (reason is not null)
        {
            throw new FlowPipeException($"setting kafka.{name}: {reason}");
        }
    }

    private static string? RefusedOfProducer(string name, string value) =>
        name switch
        {
            "enable.idempotence" when value != "true" => "without it a record may be doubled or overtaken; leave it out",
            "acks" or "request.required.acks" when value is not ("all" or "-1") =>
                "a record counts as delivered when all replicas have it; leave it out",
            "transactional.id" => "it is made for --exactly-once; exactlyOnce.id names it",
            "delivery.report.only.error" when value != "false" => "every record's delivery is counted; leave it out",
            "partitioner" when value is "random" => "a session's records must stay in one partition; choose one that goes by the key",
            _ => null,
        };

    /// <summary>Where librdkafka has two names for a setting: the one that we set, so that the user's replaces it.</summary>
    private static string CanonicalOf(string name) =>
        name switch
        {
            "request.required.acks" => "acks",
            "compression.type" => "compression.codec",
            "queue.buffering.max.ms" => "linger.ms",
            "delivery.timeout.ms" => "message.timeout.ms",
            _ => name,
        };
}
