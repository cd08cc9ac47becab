using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Sinks;

/// <summary>Makes the sinks that the settings name: the core's, and the table, which needs the terminal.</summary>
internal static class SinkBuilder
{
    /// <param name="settings">The settings in force.</param>
    /// <param name="context">Where a table and warnings go.</param>
    /// <param name="embedded">The broker that <c>kafka://embedded</c> means; null for one of the sink's own.</param>
    /// <param name="onStatistics">Takes librdkafka's statistics; null when nobody wants them.</param>
    /// <param name="isLive">Whether packets come from an interface, which does not wait.</param>
    /// <exception cref="FlowPipeException">A sink is not right.</exception>
    public static IReadOnlyList<ISpiSink> Create(
        FlowPipeSettings settings,
        CommandContext context,
        EmbeddedKafka? embedded = null,
        Action<string, string>? onStatistics = null,
        bool isLive = false
    )
    {
        if (settings.To.Count == 0)
            throw new FlowPipeException("there is no sink: give --to, such as --to table:");
        var sinkSettings = new SinkSettings
        {
            Schema = static () => SessionSchema.Json,
            Node = settings.Records.Node,
            Kafka = settings.Kafka,
            Registry = settings.Registry,
            Arkime = settings.Arkime,
            Routes = settings.Records.Routes,
            DeadLetters = settings.DeadLetters with { Dir = DeadLetterDir(settings) },
            Spool = UsesSpool(settings, isLive) ? settings.Spool : null,
            DrainTime = TimeSpan.FromSeconds(settings.DrainDeadline),
            Embedded = embedded,
            OnStatistics = onStatistics,
            Warn = context.Status.Message,
            Others = new Dictionary<string, Func<SinkUri, ISpiSink>>(StringComparer.Ordinal)
            {
                ["table"] = uri => CreateTable(uri, context),
            },
        };
        RefuseSharedStdout(settings);
        RefuseSharedTopic(settings);
        var sinks = new List<ISpiSink>(settings.To.Count);
        foreach (string uri in settings.To)
            sinks.Add(SinkFactory.Create(WithFormat(uri, settings.Format), sinkSettings));
        return sinks;
    }

    /// <summary>Whether records go to the spool while Kafka is gone.</summary>
    public static bool UsesSpool(FlowPipeSettings settings, bool isLive) =>
        settings.Spool.Dir.Length > 0
        && settings.Spool.Use switch
        {
            SpoolUse.Always => true,
            SpoolUse.Never => false,
            _ => isLive,
        };

    private static string DeadLetterDir(FlowPipeSettings settings) =>
        settings.DeadLetters.MaxBytes == 0 ? ""
        : settings.DeadLetters.Dir.Length > 0 ? settings.DeadLetters.Dir
        : settings.Spool.Dir;

    // Two sinks for one topic would share a spool, and every record would be there twice.
    private static void RefuseSharedTopic(FlowPipeSettings settings)
    {
        if (settings.Spool.Dir.Length == 0)
            return;
        string[] topics =
        [
            .. settings
                .To.Where(static uri => uri.StartsWith("kafka:", StringComparison.Ordinal))
                .Select(static uri => KafkaTarget.Parse(SinkUri.Parse(uri).Target).ToString()),
        ];
        if (topics.Distinct(StringComparer.Ordinal).Count() < topics.Length)
            throw new FlowPipeException("two sinks name the same topic, and so would have the same spool; leave one of them out");
    }

    private static TableSink CreateTable(SinkUri uri, CommandContext context)
    {
        uri.Allow();
        return uri.Target.Length == 0
            ? new TableSink(context)
            : throw new FlowPipeException($"sink '{uri.Text}': table: takes nothing after the colon; it goes to stdout");
    }

    // What is set for all sinks holds for those of Kafka that do not say otherwise.
    private static string WithFormat(string uri, string format)
    {
        if (format == "auto" || !uri.StartsWith("kafka:", StringComparison.Ordinal) || SinkUri.Parse(uri).Options.ContainsKey("format"))
            return uri;
        return uri + (uri.Contains('?', StringComparison.Ordinal) ? '&' : '?') + "format=" + format;
    }

    // Two writers on one stream would cut each other's lines.
    private static void RefuseSharedStdout(FlowPipeSettings settings)
    {
        var users = new List<string>();
        foreach (string uri in settings.To)
            if (uri is "table:" or "ndjson:-" or "avro:-")
                users.Add("--to " + uri);
        if (settings.Stats.File == "-")
            users.Add("--stats -");
        if (users.Count > 1)
            throw new FlowPipeException($"{string.Join(" and ", users)} all write to stdout; send all but one to files");
    }
}
