using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Pipeline.Sinks;

/// <summary>
/// A topic on which a run tells of itself, on the cluster of the first Kafka sink. A run that has a spool goes on without brokers; then what it tells waits,
/// up to a limit, and is sent when they are there. Safe for several threads.
/// </summary>
internal sealed class RunTopic : IAsyncDisposable
{
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(10);

    private readonly string _what;
    private readonly int _backlog;
    private readonly Lock _gate = new();
    private readonly Queue<(byte[] Key, byte[]? Value)> _waiting = new();
    private readonly CancellationTokenSource _closing = new();
    private KafkaMessageWriter? _writer;
    private Task _opening = Task.CompletedTask;
    private long _forgotten;

    private RunTopic(string name, string what, int backlog)
    {
        Name = name;
        _what = what;
        _backlog = backlog;
    }

    /// <summary>Brokers and topic.</summary>
    public string Name { get; }

    /// <param name="settings">The settings in force.</param>
    /// <param name="topic">The topic's name.</param>
    /// <param name="what">What is sent, as in "figures".</param>
    /// <param name="backlog">Messages that wait for brokers at most; the oldest are forgotten.</param>
    /// <param name="hasSpool">Whether the run goes on without brokers.</param>
    /// <param name="warn">Where warnings go.</param>
    /// <param name="stop">Gives up waiting.</param>
    /// <returns>Null when none of the sinks is a Kafka that outlives the run.</returns>
    /// <exception cref="FlowPipeException">The brokers don't answer, or there is no such topic.</exception>
    public static async Task<RunTopic?> OpenAsync(
        FlowPipeSettings settings,
        string topic,
        string what,
        int backlog,
        bool hasSpool,
        Action<string> warn,
        CancellationToken stop
    )
    {
        if (settings.KafkaTargetsThatStay().FirstOrDefault() is not { } cluster)
            return null;
        KafkaTarget target = cluster with { Topic = topic };
        var opened = new RunTopic(target.ToString(), what, backlog);
        try
        {
            opened._writer = hasSpool
                ? await KafkaMessageWriter.TryOpenAsync(target, settings.Kafka, warn, stop).ConfigureAwait(false)
                : await KafkaMessageWriter.OpenAsync(target, settings.Kafka, warn, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (stop.IsCancellationRequested)
        {
            throw new FlowPipeException($"aborted while the topic for {what} was looked for: nothing was read", e);
        }
        if (opened._writer is null)
        {
            warn($"{opened.Name}: no answer from the brokers: {what} are sent from when they are back");
            opened._opening = opened.OpenLaterAsync(target, settings.Kafka, warn);
        }
        return opened;
    }

    /// <summary>Sends a message, or keeps it until the brokers are there.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="value">Its value; null says in a compacted topic that the key is no more.</param>
    public void Send(byte[] key, byte[]? value)
    {
        lock (_gate)
        {
            if (_writer is not null)
            {
                _writer.Send(key, value);
                return;
            }
            _waiting.Enqueue((key, value));
            if (_waiting.Count <= _backlog)
                return;
            _waiting.Dequeue();
            _forgotten++;
        }
    }

    /// <summary>Waits until all is delivered.</summary>
    public async Task EndAsync(Action<string> warn, CancellationToken deadline)
    {
        await CloseAsync().ConfigureAwait(false);
        if (_writer is null)
            warn($"{Name}: the brokers never answered: no {_what} were delivered");
        else if (!await _writer.FlushAsync(deadline).ConfigureAwait(false) || (_backlog > 0 && _forgotten > 0))
            warn($"{Name}: not all {_what} were delivered");
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _writer?.Dispose();
        _closing.Dispose();
    }

    private async Task CloseAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _opening.ConfigureAwait(false);
    }

    private async Task OpenLaterAsync(KafkaTarget target, IReadOnlyDictionary<string, string> kafka, Action<string> warn)
    {
        string? said = null;
        try
        {
            while (true)
            {
                await Task.Delay(TryAgainAfter, _closing.Token).ConfigureAwait(false);
                try
                {
                    if (await KafkaMessageWriter.TryOpenAsync(target, kafka, warn, _closing.Token).ConfigureAwait(false) is not { } writer)
                        continue;
                    Begin(writer);
                    warn($"{Name}: the brokers answer; {_what} are sent");
                    return;
                }
                catch (FlowPipeException e)
                {
                    // The same as before is said once.
                    if (e.Message != said)
                        warn(said = e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private void Begin(KafkaMessageWriter writer)
    {
        lock (_gate)
        {
            while (_waiting.TryDequeue(out (byte[] Key, byte[]? Value) message))
                writer.Send(message.Key, message.Value);
            _writer = writer;
        }
    }
}
