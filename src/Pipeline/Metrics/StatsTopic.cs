using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>Sends a run's figures to a topic, as often as progress is shown and once at the end, on the cluster of the first Kafka sink.</summary>
internal sealed class StatsTopic : IAsyncDisposable
{
    private readonly KafkaMessageWriter _writer;
    private readonly StatsEncoder _encoder;
    private readonly byte[] _key;
    private readonly string _name;
    private PeriodicTimer? _timer;
    private Task _sending = Task.CompletedTask;

    private StatsTopic(KafkaMessageWriter writer, string name, string node)
    {
        _writer = writer;
        _name = name;
        _encoder = new StatsEncoder(node);
        _key = Encoding.UTF8.GetBytes(node);
    }

    /// <exception cref="FlowPipeException">There is no cluster to send them to, or it has no such topic.</exception>
    public static async Task<StatsTopic> OpenAsync(FlowPipeSettings settings, Action<string> warn, CancellationToken stop)
    {
        foreach (string sink in settings.To)
        {
            if (!sink.StartsWith("kafka:", StringComparison.Ordinal))
                continue;
            KafkaTarget target = KafkaTarget.Parse(SinkUri.Parse(sink).Target);
            if (target.IsEmbedded)
                continue;
            target = target with { Topic = settings.Stats.Topic };
            try
            {
                KafkaMessageWriter writer = await KafkaMessageWriter.OpenAsync(target, settings.Kafka, warn, stop).ConfigureAwait(false);
                return new StatsTopic(writer, target.ToString(), settings.Records.Node);
            }
            catch (OperationCanceledException e) when (stop.IsCancellationRequested)
            {
                throw new FlowPipeException("aborted while the topic for figures was looked for: nothing was read", e);
            }
        }
        throw new FlowPipeException(
            "stats.topic needs a Kafka: none of the sinks is one that outlives the run; leave it out, or use --stats FILE"
        )
        {
            IsWrongUsage = true,
        };
    }

    public void Start(PipelineRun run, TimeSpan interval)
    {
        _timer = new PeriodicTimer(interval);
        _sending = SendAsync(run, _timer);
    }

    /// <summary>Sends the last figures and waits for all.</summary>
    public async Task EndAsync(RunSnapshot final, Action<string> warn, CancellationToken deadline)
    {
        await StopAsync().ConfigureAwait(false);
        _writer.Send(_key, _encoder.Encode(final, DateTimeOffset.UtcNow));
        if (!await _writer.FlushAsync(deadline).ConfigureAwait(false))
            warn($"{_name}: not all figures were delivered");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _writer.Dispose();
    }

    private async Task StopAsync()
    {
        _timer?.Dispose();
        await _sending.ConfigureAwait(false);
    }

    private async Task SendAsync(PipelineRun run, PeriodicTimer timer)
    {
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
            _writer.Send(_key, _encoder.Encode(run.Snapshot(), DateTimeOffset.UtcNow));
    }
}
