using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>
/// Sends a run's figures to a topic, as often as progress is shown and once at the end, on the cluster of the first Kafka sink. A run that has a spool
/// goes on without brokers; its figures begin when they are there.
/// </summary>
internal sealed class StatsTopic : IAsyncDisposable
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);

    private readonly StatsEncoder _encoder;
    private readonly byte[] _key;
    private readonly string _name;
    private readonly CancellationTokenSource _closing = new();
    private volatile KafkaMessageWriter? _writer;
    private Task _opening = Task.CompletedTask;
    private PeriodicTimer? _timer;
    private Task _sending = Task.CompletedTask;

    private StatsTopic(string name, string node)
    {
        _name = name;
        _encoder = new StatsEncoder(node);
        _key = Encoding.UTF8.GetBytes(node);
    }

    /// <param name="settings">The settings in force.</param>
    /// <param name="hasSpool">Whether the run goes on without brokers.</param>
    /// <param name="warn">Where warnings go.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="FlowPipeException">There is no cluster to send them to, or it has no such topic.</exception>
    public static async Task<StatsTopic> OpenAsync(FlowPipeSettings settings, bool hasSpool, Action<string> warn, CancellationToken stop)
    {
        if (settings.KafkaTargetsThatStay().FirstOrDefault() is not { } cluster)
            throw new FlowPipeException(
                "stats.topic needs a Kafka: none of the sinks is one that outlives the run; leave it out, or use --stats FILE"
            )
            {
                IsWrongUsage = true,
            };
        KafkaTarget target = cluster with { Topic = settings.Stats.Topic };
        var topic = new StatsTopic(target.ToString(), settings.Records.Node);
        try
        {
            topic._writer = hasSpool
                ? await KafkaMessageWriter.TryOpenAsync(target, settings.Kafka, warn, stop).ConfigureAwait(false)
                : await KafkaMessageWriter.OpenAsync(target, settings.Kafka, warn, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            throw new FlowPipeException("aborted while the topic for figures was looked for: nothing was read", e);
        }
        if (topic._writer is null)
        {
            warn($"{topic._name}: no answer from the brokers: figures are sent from when they are back");
            topic._opening = topic.OpenLaterAsync(target, settings.Kafka, warn);
        }
        return topic;
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
        if (_writer is not { } writer)
        {
            warn($"{_name}: the brokers never answered: no figures were delivered");
            return;
        }
        writer.Send(_key, _encoder.Encode(final, DateTimeOffset.UtcNow));
        if (!await writer.FlushAsync(deadline).ConfigureAwait(false))
            warn($"{_name}: not all figures were delivered");
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _writer?.Dispose();
        _closing.Dispose();
    }

    private async Task StopAsync()
    {
        _timer?.Dispose();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _sending.ConfigureAwait(false);
        await _opening.ConfigureAwait(false);
    }

    private async Task SendAsync(PipelineRun run, PeriodicTimer timer)
    {
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
            _writer?.Send(_key, _encoder.Encode(run.Snapshot(), DateTimeOffset.UtcNow));
    }

    private async Task OpenLaterAsync(KafkaTarget target, IReadOnlyDictionary<string, string> kafka, Action<string> warn)
    {
        string? said = null;
        try
        {
            while (_writer is null)
            {
                await Task.Delay(TryAgainAfter, _closing.Token).ConfigureAwait(false);
                try
                {
                    _writer = await KafkaMessageWriter.TryOpenAsync(target, kafka, warn, _closing.Token).ConfigureAwait(false);
                }
                catch (FlowPipeException e) when (e.Message == said)
                {
                    // The same as before: said once.
                }
                catch (FlowPipeException e)
                {
                    warn(said = e.Message);
                }
            }
            warn($"{_name}: the brokers answer; figures are sent");
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }
}
