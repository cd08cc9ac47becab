using System.Reflection;
using System.Text;
using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Core.Digests;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Manifests;

/// <summary>
/// Makes a run's manifest: opened before the run, so that what can't be written is known before the work is done, and written after it, to a file
/// and to each cluster that has records of the run.
/// </summary>
internal sealed class ManifestWriter : IAsyncDisposable
{
    private readonly FlowPipeSettings _settings;
    private readonly FileStream _stream;
    private readonly Guid _run = Guid.CreateVersion7();
    private readonly DateTimeOffset _started = DateTimeOffset.UtcNow;
    private readonly List<TopicOfRun> _topics = [];

    private ManifestWriter(FlowPipeSettings settings, DigestSink digests, FileStream stream)
    {
        _settings = settings;
        _stream = stream;
        Digests = digests;
    }

    /// <summary>To stand behind the run's sinks.</summary>
    public DigestSink Digests { get; }

    /// <summary>Makes the file and finds the topics.</summary>
    /// <param name="settings">The settings in force.</param>
    /// <param name="sinks">The run's sinks.</param>
    /// <param name="hasSpool">Whether the run goes on without brokers: then the manifest does, too.</param>
    /// <param name="warn">Where warnings go.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="FlowPipeException">One of them can't be had.</exception>
    public static async Task<ManifestWriter> OpenAsync(
        FlowPipeSettings settings,
        IReadOnlyList<ISpiSink> sinks,
        bool hasSpool,
        Action<string> warn,
        CancellationToken stop
    )
    {
        string ids = settings.Manifest.Ids;
        if (!settings.Records.Sessions3Extras && Array.Exists([.. sinks], static sink => sink.WantsJson))
            throw new FlowPipeException("records.sessions3Extras must be on with --manifest: documents without ids can't be told apart")
            {
                IsWrongUsage = true,
            };
        var digests = new DigestSink(sinks, static () => SessionSchema.Json, ids.Length == 0 ? null : ids);
        var writer = new ManifestWriter(settings, digests, SinkFile.Create(settings.Manifest.File));
        try
        {
            await writer.OpenTopicsAsync(hasSpool, warn, stop).ConfigureAwait(false);
            return writer;
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            await writer.DisposeAsync().ConfigureAwait(false);
            throw new FlowPipeException("aborted while the manifest's topics were looked for: nothing was read", e);
        }
        catch
        {
            await writer.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Writes it.</summary>
    /// <returns>False when a topic did not take it.</returns>
    /// <exception cref="FlowPipeException">The file can't be written.</exception>
    public async Task<bool> WriteAsync(RunResult result, bool stopped, Action<string> warn, CancellationToken deadline)
    {
        byte[] manifest = JsonSerializer.SerializeToUtf8Bytes(
            Make(result, stopped, await TopicsAsync(warn).ConfigureAwait(false)),
            ManifestJson.Plain.RunManifest
        );
        try
        {
            _stream.Write([.. manifest, (byte)'\n']);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new FlowPipeException($"--manifest {_settings.Manifest.File}: it can't be written: {e.Message}", e);
        }
        bool all = true;
        byte[] key = Encoding.UTF8.GetBytes(_run.ToString());
        foreach (TopicOfRun topic in _topics)
        {
            topic.Runs.Send(key, manifest);
            if (await topic.Runs.FlushAsync(deadline).ConfigureAwait(false))
                continue;
            warn(
                $"kafka://{topic.Target.Brokers}/{_settings.Manifest.Topic}: the manifest was not delivered; {_settings.Manifest.File} has it"
            );
            all = false;
        }
        return all;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TopicOfRun topic in _topics)
            topic.Runs.Dispose();
        await _stream.DisposeAsync().ConfigureAwait(false);
        await Digests.DisposeAsync().ConfigureAwait(false);
    }

    private async Task OpenTopicsAsync(bool hasSpool, Action<string> warn, CancellationToken stop)
    {
        if (_settings.Manifest.Topic.Length == 0)
            return;
        foreach (KafkaTarget target in _settings.KafkaTargetsThatStay())
        {
            var runs = new KafkaTarget(target.Brokers, _settings.Manifest.Topic);
            KafkaMessageWriter? writer = hasSpool
                ? await KafkaMessageWriter.TryOpenAsync(runs, _settings.Kafka, warn, stop).ConfigureAwait(false)
                : await KafkaMessageWriter.OpenAsync(runs, _settings.Kafka, warn, stop).ConfigureAwait(false);
            if (writer is null)
            {
                warn($"{runs}: no answer from the brokers: the manifest will be in {_settings.Manifest.File} alone");
                continue;
            }
            var topic = new TopicOfRun(target, writer);
            _topics.Add(topic);
            // What an earlier run has committed is this run's too, and lies before: where, nobody has written down.
            if (!_settings.ExactlyOnce.Enabled)
                topic.From = await writer.EndsAsync(target.Topic, stop).ConfigureAwait(false);
        }
    }

    /// <summary>What has come to each topic since the run began, which holds all that the run has sent there.</summary>
    private async Task<List<ManifestTopic>> TopicsAsync(Action<string> warn)
    {
        var topics = new List<ManifestTopic>();
        foreach (TopicOfRun topic in _topics)
        {
            var ranges = new List<OffsetRange>();
            try
            {
                long[] to = await topic.Runs.EndsAsync(topic.Target.Topic, CancellationToken.None).ConfigureAwait(false);
                for (int i = 0; i < to.Length; i++)
                    ranges.Add(new OffsetRange(i, i < topic.From.Length ? topic.From[i] : 0, to[i]));
            }
            catch (FlowPipeException e)
            {
                // The records have met their fate before; where they are is a help to who reads them, not a condition.
                warn($"the manifest does not say where in the topic the records are: {e.Message}");
            }
            topics.Add(new ManifestTopic(topic.Target.Topic, ranges));
        }
        return topics;
    }

    private RunManifest Make(RunResult result, bool stopped, List<ManifestTopic> topics)
    {
        Core.Stats.SessionFigures sessions = result.Final.Sessions;
        return new RunManifest
        {
            Format = RunManifest.CurrentFormat,
            Run = _run,
            Version =
                typeof(ManifestWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "",
            Node = _settings.Records.Node,
            Started = _started,
            Seconds = result.Final.Seconds,
            State = result.Final.State,
            Ok = result.Ok,
            Forced = new ManifestForced
            {
                Any = sessions.Emergencies + sessions.Evicted + sessions.EndedEarly > 0 || stopped,
                Emergencies = sessions.Emergencies,
                Evicted = sessions.Evicted,
                EndedEarly = sessions.EndedEarly,
                Stopped = stopped,
            },
            Sources = result.Sources,
            Configuration = ConfigDigest.Of(_settings),
            Reader = result.Final.Reader,
            Records = result.Final.Records,
            RecordsByReason = result.Final.RecordsByReason,
            Ledger = result.Final.Ledger,
            Commits =
                _settings.ExactlyOnce.Enabled && result.Final.Sinks is [var sink]
                    ? new ManifestCommits
                    {
                        Before = sink.CommittedBefore,
                        Here = sink.Delivered,
                        Left = sink.Postponed,
                    }
                    : null,
            Topics = topics,
            Digests = new ManifestDigests
            {
                Avro = Digests.Avro is { } avro ? ManifestDigest.Of(avro, Convert.ToHexStringLower(SessionSchema.Fingerprint)) : null,
                Json = Digests.Json is { } json ? ManifestDigest.Of(json, null) : null,
            },
        };
    }

    private sealed class TopicOfRun(KafkaTarget target, KafkaMessageWriter runs)
    {
        public KafkaTarget Target => target;
        public KafkaMessageWriter Runs => runs;

        /// <summary>The partitions' ends before the run.</summary>
        public long[] From { get; set; } = [];
    }
}
