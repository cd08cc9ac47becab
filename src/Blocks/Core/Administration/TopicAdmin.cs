using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Core.Administration;

/// <summary>Looks at a cluster's topics and creates them. For one caller at a time.</summary>
public sealed class TopicAdmin : IDisposable
{
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PauseBetweenLooks = TimeSpan.FromMilliseconds(100);

    private readonly KafkaErrors _errors;
    private readonly IAdminClient _client;

    private TopicAdmin(string brokers, IReadOnlyDictionary<string, string> settings)
    {
        Name = $"kafka://{brokers}";
        _errors = new KafkaErrors(Name, settings, static _ => { });
        // How brokers are reached, and nothing else: what is set for producers is none of an administrator's.
        Dictionary<string, string> shared = KafkaClientSettings.SharedOf(settings);
        shared["bootstrap.servers"] = brokers;
        shared.TryAdd("client.id", "flowpipe");
        try
        {
            _client = new AdminClientBuilder(shared)
                .SetErrorHandler((_, error) => _errors.Report(error))
                .SetLogHandler(static (_, _) => { })
                .Build();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or KafkaException)
        {
            throw new FlowPipeException(
                $"{Name}: librdkafka refuses its settings: {KafkaClientSettings.Complaint(e.Message, shared)}; mend the kafka section of the configuration",
                e
            )
            {
                IsWrongUsage = true,
            };
        }
    }

    /// <summary>The cluster, as users name it.</summary>
    public string Name { get; }

    /// <summary>Brokers of the cluster that are up.</summary>
    public int Brokers { get; private set; }

    /// <summary>Connects and counts the brokers.</summary>
    /// <param name="brokers">host[:port],…</param>
    /// <param name="settings">librdkafka's settings, by its own names.</param>
    /// <param name="openTime">How long the brokers may take to answer.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="FlowPipeException">They don't answer.</exception>
    public static async Task<TopicAdmin> OpenAsync(
        string brokers,
        IReadOnlyDictionary<string, string> settings,
        TimeSpan openTime,
        CancellationToken stop
    )
    {
        var admin = new TopicAdmin(brokers, settings);
        try
        {
            await admin.CountBrokersAsync(openTime, stop);
            return admin;
        }
        catch
        {
            admin.Dispose();
            throw;
        }
    }

    /// <summary>Topics as they are.</summary>
    /// <exception cref="FlowPipeException">The brokers don't answer.</exception>
    public async Task<IReadOnlyList<TopicAnswer>> DescribeAsync(IReadOnlyList<string> names)
    {
        var found = new List<TopicDescription>();
        var answers = new Dictionary<string, TopicAnswer>(StringComparer.Ordinal);
        foreach (TopicDescription topic in await DescribeTopicsAsync(names))
        {
            if (!topic.Error.IsError)
                found.Add(topic);
            else
                answers[topic.Name] = new TopicAnswer(topic.Name)
                {
                    Fault = topic.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic
                        ? null
                        : Explain(topic.Error, "DESCRIBE"),
                };
        }
        if (found.Count > 0)
            await AddPropertiesAsync(found, answers);
        var inOrder = new List<TopicAnswer>(names.Count);
        foreach (string name in names)
            inOrder.Add(answers.TryGetValue(name, out TopicAnswer? answer) ? answer : new TopicAnswer(name));
        return inOrder;
    }

    /// <summary>Creates topics; one that is there already is no fault, and not touched.</summary>
    /// <param name="topics">Those that are missing.</param>
    /// <param name="onlyTry">Whether the brokers shall only say what they would do.</param>
    /// <exception cref="FlowPipeException">The brokers don't answer.</exception>
    public async Task<IReadOnlyList<TopicAnswer>> CreateAsync(IReadOnlyList<TopicDefinition> topics, bool onlyTry)
    {
        ArgumentNullException.ThrowIfNull(topics);
        var wanted = new List<TopicSpecification>(topics.Count);
        foreach (TopicDefinition topic in topics)
            wanted.Add(
                new TopicSpecification
                {
                    Name = topic.Name,
                    NumPartitions = topic.Partitions,
                    ReplicationFactor = checked((short)topic.Replication),
                    Configs = new Dictionary<string, string>(topic.Properties, StringComparer.Ordinal),
                }
            );
        var options = new CreateTopicsOptions
        {
            ValidateOnly = onlyTry,
            RequestTimeout = AnswerTime,
            OperationTimeout = AnswerTime,
        };
        var errors = new Dictionary<string, Error>(StringComparer.Ordinal);
        try
        {
            await _client.CreateTopicsAsync(wanted, options);
        }
        catch (CreateTopicsException e)
        {
            foreach (CreateTopicReport report in e.Results)
                errors[report.Topic] = report.Error;
        }
        catch (KafkaException e)
        {
            throw new FlowPipeException($"{Name}: topics can't be created: {Explain(e.Error, "CREATE")}", e);
        }
        var answers = new List<TopicAnswer>(topics.Count);
        foreach (TopicDefinition topic in topics)
        {
            Error error = errors.GetValueOrDefault(topic.Name) ?? new Error(ErrorCode.NoError);
            answers.Add(
                new TopicAnswer(topic.Name)
                {
                    IsNew = !error.IsError,
                    Fault = error.IsError && error.Code != ErrorCode.TopicAlreadyExists ? Explain(error, "CREATE") : null,
                }
            );
        }
        return answers;
    }

    /// <summary>Waits until all brokers that are asked know these topics and their leaders: who sends at once shall find them.</summary>
    /// <returns>Whether they do before the time is over.</returns>
    public async Task<bool> AreKnownAsync(IReadOnlyList<string> names, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < AnswerTime)
        {
            if (!(await DescribeTopicsAsync(names)).Exists(IsIncomplete))
                return true;
            await Task.Delay(PauseBetweenLooks, stop);
        }
        return false;

        static bool IsIncomplete(TopicDescription topic) =>
            topic.Error.IsError || topic.Partitions.Exists(static partition => partition.Leader is null);
    }

    public void Dispose() => _client.Dispose();

    private async Task CountBrokersAsync(TimeSpan openTime, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                DescribeClusterResult cluster = await _client.DescribeClusterAsync(
                    new DescribeClusterOptions { RequestTimeout = Slice < openTime ? Slice : openTime }
                );
                Brokers = cluster.Nodes.Count;
                if (Brokers > 0)
                    return;
            }
            catch (KafkaException e) when (watch.Elapsed < openTime)
            {
                _ = e; // not yet, perhaps
            }
            catch (KafkaException e)
            {
                throw new FlowPipeException(
                    $"{Name}: no answer from the brokers in {watch.Elapsed.TotalSeconds:0} s: {_errors.LastReason ?? e.Error.Reason}; "
                        + "check address, network and credentials",
                    e
                );
            }
            await Task.Delay(PauseBetweenLooks, stop);
        }
    }

    private async Task<List<TopicDescription>> DescribeTopicsAsync(IReadOnlyList<string> names)
    {
        try
        {
            DescribeTopicsResult result = await _client.DescribeTopicsAsync(
                TopicCollection.OfTopicNames(names),
                new DescribeTopicsOptions { RequestTimeout = AnswerTime }
            );
            return result.TopicDescriptions;
        }
        catch (DescribeTopicsException e)
        {
            return e.Results.TopicDescriptions; // each has an error of its own
        }
        catch (KafkaException e)
        {
            throw new FlowPipeException($"{Name}: the topics can't be looked at: {Explain(e.Error, "DESCRIBE")}", e);
        }
    }

    private async Task AddPropertiesAsync(List<TopicDescription> topics, Dictionary<string, TopicAnswer> answers)
    {
        List<ConfigResource> resources = topics.ConvertAll(static topic => new ConfigResource
        {
            Type = ResourceType.Topic,
            Name = topic.Name,
        });
        var reports = new Dictionary<string, (Error? Error, Dictionary<string, ConfigEntryResult> Entries)>(StringComparer.Ordinal);
        try
        {
            List<DescribeConfigsResult> results = await _client.DescribeConfigsAsync(
                resources,
                new DescribeConfigsOptions { RequestTimeout = AnswerTime }
            );
            foreach (DescribeConfigsResult result in results)
                reports[result.ConfigResource.Name] = (null, result.Entries);
        }
        catch (DescribeConfigsException e)
        {
            foreach (DescribeConfigsReport report in e.Results)
                reports[report.ConfigResource.Name] = (report.Error, report.Entries);
        }
        catch (KafkaException e)
        {
            throw new FlowPipeException($"{Name}: the topics' properties can't be looked at: {Explain(e.Error, "DESCRIBE_CONFIGS")}", e);
        }
        foreach (TopicDescription topic in topics)
            answers[topic.Name] = reports.TryGetValue(topic.Name, out (Error? Error, Dictionary<string, ConfigEntryResult> Entries) report)
                ? Answer(topic, report.Error, report.Entries)
                : new TopicAnswer(topic.Name) { Fault = "the brokers did not tell its properties" };
    }

    private TopicAnswer Answer(TopicDescription topic, Error? error, Dictionary<string, ConfigEntryResult> entries)
    {
        if (error is { IsError: true })
            return new TopicAnswer(topic.Name) { Fault = $"its properties: {Explain(error, "DESCRIBE_CONFIGS")}" };
        int replication = int.MaxValue;
        foreach (TopicPartitionInfo partition in topic.Partitions)
            replication = Math.Min(replication, partition.Replicas.Count);
        var properties = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string name, ConfigEntryResult entry) in entries)
            properties[name] = entry.Value ?? "";
        return new TopicAnswer(topic.Name) { Topic = new TopicDefinition(topic.Name, topic.Partitions.Count, replication, properties) };
    }

    /// <summary>An error and what to do about it.</summary>
    /// <param name="error">The broker's, or librdkafka's.</param>
    /// <param name="right">The right that was wanted.</param>
    private string Explain(Error error, string right) =>
        error.Code switch
        {
            ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed or ErrorCode.GroupAuthorizationFailed =>
                $"{error.Reason}: the user that kafka.sasl.username or the client certificate names needs {right} on it{(right == "CREATE" ? ", or on the cluster" : "")}",
            ErrorCode.InvalidReplicationFactor => string.Create(
                CultureInfo.InvariantCulture,
                $"{error.Reason} Brokers that are up: {Brokers}; set topics.….replication accordingly"
            ),
            ErrorCode.InvalidConfig or ErrorCode.InvalidPartitions => $"{error.Reason}; mend it under topics in the configuration",
            ErrorCode.PolicyViolation => $"{error.Reason}: the cluster's own rules for topics",
            ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature =>
                $"{error.Reason}: these brokers can't be administrated; Apache Kafka from 1.0 on can",
            ErrorCode.Local_TimedOut => $"no answer in time{(_errors.LastReason is { } reason ? $": {reason}" : "")}",
            _ => error.Reason,
        };
}
