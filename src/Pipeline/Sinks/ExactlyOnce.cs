using System.Security.Cryptography;
using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Spooling;
using FlowPipe.Core.Reading;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Manifests;

namespace FlowPipe.Pipeline.Sinks;

/// <summary>Makes the one sink of a replay commit in transactions.</summary>
internal static class ExactlyOnce
{
    /// <summary>Sections of settings on which no record depends, beyond those that <see cref="ConfigDigest"/> leaves out, and what is told apart otherwise.</summary>
    private static readonly string[] Elsewhere = ["node", "exactlyOnce.", "drainDeadline", "partitions", "parsersDir", "pluginsDir", "rootPlugins", "plugins", "kafka."];

    /// <param name="settings">The settings in force.</param>
    /// <param name="inputs">What is read.</param>
    /// <param name="partitions">Partitions of sessions.</param>
    /// <param name="sinks">The sinks as they would be without.</param>
    /// <param name="hashKey">Tells the key of hashed fields from another; null where nothing is hashed.</param>
    /// <exception cref="FlowPipeException">They can't be committed, or the inputs not read again.</exception>
    public static IReadOnlyList<ISpiSink> Wrap(
        FlowPipeSettings settings,
        IReadOnlyList<CaptureInput> inputs,
        int partitions,
        IReadOnlyList<ISpiSink> sinks,
        string? hashKey
    )
    {
        if (sinks is not [KafkaSink kafka])
            throw new FlowPipeException(
                "--exactly-once commits to Kafka and nothing else: give one sink, --to kafka://BROKERS/TOPIC, and copy files from there"
            );
        if (settings.Spool.Dir.Length > 0 && settings.Spool.Use == SpoolUse.Always)
            throw new FlowPipeException(
                "--exactly-once waits for Kafka, since what is spooled is in no transaction: leave out spool.use: always"
            );
        var run = new RunIdentity
        {
            TransactionalId = IdOf(settings, inputs, kafka.Name),
            Sources = CaptureIdentity.Of(settings.Reading with { Inputs = inputs }),
            Configuration = [.. Configuration(settings, hashKey)],
            Partitions = partitions,
            HashSeed = settings.Sessions.HashSeed != 0 ? settings.Sessions.HashSeed : RandomNumberGenerator.GetInt32(1, int.MaxValue),
        };
        return [kafka.InTransactions(run, settings.ExactlyOnce.Topic, settings.ExactlyOnce.Commits.Bytes)];
    }

    private static string IdOf(FlowPipeSettings settings, IReadOnlyList<CaptureInput> inputs, string sink)
    {
        if (settings.ExactlyOnce.Id.Length > 0)
            return "flowpipe-" + settings.ExactlyOnce.Id;
        var text = new StringBuilder(sink);
        foreach (CaptureInput input in inputs)
            text.Append('\n').Append(Path.GetFullPath(input.Path));
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        return $"flowpipe-{settings.Records.Node}-{hash[..16]}";
    }

    /// <summary>The version and what is not as by default; another version may make other records.</summary>
    private static IEnumerable<string> Configuration(FlowPipeSettings settings, string? hashKey)
    {
        yield return "version=" + typeof(ExactlyOnce).Assembly.GetName().Version;
        yield return "node=" + settings.Records.Node;
        if (hashKey is not null)
            yield return "fields.hashKey=" + hashKey;
        foreach ((string name, string value) in ConfigDigest.Of(settings).Changed)
        {
            if (!Array.Exists(Elsewhere, elsewhere => Begins(name, elsewhere)))
                yield return $"{name}={value}";
        }
    }

    private static bool Begins(string path, string name) =>
        name.EndsWith('.') ? path.StartsWith(name, StringComparison.Ordinal) : path == name;
}
