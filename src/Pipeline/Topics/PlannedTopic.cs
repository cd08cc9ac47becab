using System.Globalization;
using FlowPipe.Core;
using FlowPipe.Core.Administration;
using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Pipeline.Topics;

/// <summary>A topic as the settings and the size of the cluster want it.</summary>
internal sealed class PlannedTopic
{
    private const string CleanupPolicy = "cleanup.policy";
    private const string InSync = "min.insync.replicas";

    /// <summary>Divides by 1, 2, 3, 4, 6 and 12: so many consumers get equal shares.</summary>
    private const int RecordPartitions = 12;
    private const int PartitionsOfEachBroker = 3;
    private const int Replicas = 3;

    /// <summary>Properties whose value may also be higher than what is wanted, if that was not asked for.</summary>
    private static readonly string[] AtLeast = [InSync, "max.message.bytes", "retention.ms"];

    private readonly bool _isPartitionsExact;
    private readonly bool _isReplicationExact;
    private readonly HashSet<string> _exact = new(StringComparer.Ordinal);

    /// <param name="role">What it is for.</param>
    /// <param name="name">Its name.</param>
    /// <param name="settings">What was asked for.</param>
    /// <param name="brokers">Brokers of the cluster.</param>
    /// <exception cref="FlowPipeException">What was asked for would lose records.</exception>
    public PlannedTopic(TopicRole role, string name, TopicSettings settings, int brokers)
    {
        _isPartitionsExact = settings.Partitions > 0;
        _isReplicationExact = settings.Replication > 0;
        int partitions =
            _isPartitionsExact ? settings.Partitions
            : role == TopicRole.Spi ? Math.Max(RecordPartitions, PartitionsOfEachBroker * brokers)
            : 1;
        int replication = _isReplicationExact ? settings.Replication : Math.Min(Replicas, brokers);
        SortedDictionary<string, string> properties = Defaults(role);
        // One replica may be down without the producer having to wait, and no record is acknowledged that only one of several has.
        properties[InSync] = Math.Max(1, replication - 1).ToString(CultureInfo.InvariantCulture);
        foreach (string text in settings.Config)
        {
            if (!TopicKeys.TryParse(text, out string property, out string value))
                continue; // the table of settings lets none through
            _exact.Add(property);
            if (value.Length == 0)
                properties.Remove(property);
            else
                properties[property] = value;
        }
        Topic = new TopicDefinition(name, partitions, replication, properties);
        Refuse(role, properties, replication);
    }

    /// <summary>As it is wanted.</summary>
    public TopicDefinition Topic { get; }

    /// <summary>How a topic differs from what is wanted, each as a text.</summary>
    public IEnumerable<string> Differences(TopicDefinition found)
    {
        if (!Fits(found.Partitions, Topic.Partitions, _isPartitionsExact))
            yield return $"partitions: {found.Partitions}, wanted {Wanted(Topic.Partitions, _isPartitionsExact)}";
        if (!Fits(found.Replication, Topic.Replication, _isReplicationExact))
            yield return $"replication: {found.Replication}, wanted {Wanted(Topic.Replication, _isReplicationExact)}";
        foreach ((string property, string value) in Topic.Properties)
        {
            string? there = found.Properties.GetValueOrDefault(property);
            bool isExact = _exact.Contains(property) || !AtLeast.Contains(property, StringComparer.Ordinal);
            if (there == value || !isExact && IsMore(there, value))
                continue;
            yield return $"{property}: {there ?? "unknown to these brokers"}, wanted {value}{(isExact ? "" : " or more")}";
        }
    }

    /// <summary>In one line.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"partitions={Topic.Partitions} replication={Topic.Replication} {string.Join(' ', Topic.Properties.Select(static one => $"{one.Key}={one.Value}"))}"
        );

    private static SortedDictionary<string, string> Defaults(TopicRole role)
    {
        const long Day = 24L * 60 * 60 * 1000;
        bool isCompacted = role is TopicRole.Checkpoints or TopicRole.Files;
        var properties = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [CleanupPolicy] = isCompacted ? "compact" : "delete",
            // The brokers' clock is the one that retention goes by: a sensor whose clock is wrong neither loses records nor keeps them for ever.
            ["message.timestamp.type"] = "LogAppendTime",
            ["max.message.bytes"] = "1048588", // Kafka's own default, said aloud: clusters are set up with less
        };
        if (!isCompacted)
            properties["retention.ms"] = role switch
            {
                TopicRole.Spi or TopicRole.Stats => Text(7 * Day),
                TopicRole.Dlq => Text(30 * Day), // somebody has to come and look
                _ => "-1", // manifests prove what may be much older than the topic's records
            };
        return properties;

        static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private void Refuse(TopicRole role, SortedDictionary<string, string> properties, int replication)
    {
        string section = $"topics.{TopicKeys.NameOf(role)}.config";
        if (role is not (TopicRole.Checkpoints or TopicRole.Files) && Has(properties, CleanupPolicy, "compact"))
            throw Wrong(
                $"{section}: {CleanupPolicy}={properties[CleanupPolicy]} would lose records: the messages' keys are not their ids; leave it out"
            );
        if (role is TopicRole.Checkpoints or TopicRole.Files && Has(properties, CleanupPolicy, "delete"))
            throw Wrong($"{section}: {CleanupPolicy}={properties[CleanupPolicy]} would in time delete what is still needed; leave it out");
        if (
            properties.TryGetValue(InSync, out string? text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int inSync)
            && inSync > replication
        )
            throw Wrong($"{section}: {InSync}={inSync} is more than the {replication} replicas of {Topic.Name}: nothing could be sent");
    }

    private static bool Has(SortedDictionary<string, string> properties, string name, string word) =>
        properties.TryGetValue(name, out string? value) && value.Split(',').Contains(word, StringComparer.OrdinalIgnoreCase);

    private static FlowPipeException Wrong(string message) => new(message) { IsWrongUsage = true };

    private static bool Fits(int found, int wanted, bool isExact) => isExact ? found == wanted : found >= wanted;

    private static string Wanted(int number, bool isExact) =>
        string.Create(CultureInfo.InvariantCulture, $"{number}{(isExact ? "" : " or more")}");

    // -1 is Kafka's word for without limit.
    private static bool IsMore(string? found, string wanted) =>
        long.TryParse(found, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long there)
        && long.TryParse(wanted, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long want)
        && (there == -1 || want != -1 && there > want);
}
