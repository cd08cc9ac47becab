using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Sinks;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>
/// Sends a run's figures to a topic, as often as progress is shown and once at the end. Those of while there are no brokers are not kept: each message has
/// all there is to say.
/// </summary>
internal sealed class StatsTopic : IAsyncDisposable
{
    private readonly RunTopic _topic;
    private readonly StatsEncoder _encoder;
    private readonly byte[] _key;
    private PeriodicTimer? _timer;
    private Task _sending = Task.CompletedTask;

    private StatsTopic(RunTopic topic, string node)
    {
        _topic = topic;
        _encoder = new StatsEncoder(node);
        _key = Encoding.UTF8.GetBytes(node);
    }

    /// <param name="settings">The settings in force.</param>
    /// <param name="hasSpool">Whether the run goes on without brokers.</param>
    /// <param name="warn">Where warnings go.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <exception cref="FlowPipeException">There is no cluster to send them to, or it has no such topic.</exception>
    public static async Task<StatsTopic> OpenAsync(FlowPipeSettings settings, bool hasSpool, Action<string> warn, CancellationToken stop) =>
        await RunTopic.OpenAsync(settings, settings.Stats.Topic, "figures", backlog: 0, hasSpool, warn, stop).ConfigureAwait(false)
            is { } topic
            ? new StatsTopic(topic, settings.Records.Node)
            : throw new FlowPipeException(
                "stats.topic needs a Kafka: none of the sinks is one that outlives the run; leave it out, or use --stats FILE"
            )
            {
                IsWrongUsage = true,
            };

    public void Start(PipelineRun run, TimeSpan interval)
    {
        _timer = new PeriodicTimer(interval);
        _sending = SendAsync(run, _timer);
    }

    /// <summary>Sends the last figures and waits for all.</summary>
    public async Task EndAsync(RunSnapshot final, Action<string> warn, CancellationToken deadline)
    {
        await StopAsync().ConfigureAwait(false);
        Send(final);
        await _topic.EndAsync(warn, deadline).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _topic.DisposeAsync().ConfigureAwait(false);
    }

    private async Task StopAsync()
    {
        _timer?.Dispose();
        await _sending.ConfigureAwait(false);
    }

    private async Task SendAsync(PipelineRun run, PeriodicTimer timer)
    {
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
            Send(run.Snapshot());
    }

    private void Send(RunSnapshot figures) => _topic.Send(_key, _encoder.Encode(figures, DateTimeOffset.UtcNow));
}
