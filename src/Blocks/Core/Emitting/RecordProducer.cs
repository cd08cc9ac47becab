using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>What a producer did with a message.</summary>
internal enum Handed
{
    /// <summary>It has it; a report will come.</summary>
    Over,

    /// <summary>Its queue is full.</summary>
    Full,

    /// <summary>It does not take it, and says why.</summary>
    Refused,
}

/// <summary>
/// librdkafka's producer: takes messages, reports their fates, and lets one writer wait for room. Reports come on librdkafka's poll thread and, during a
/// flush, on the flushing thread too.
/// </summary>
internal sealed class RecordProducer : IDisposable
{
    private readonly string _name;
    private readonly KafkaErrors _errors;
    private readonly Action<OutgoingMessage, Error> _onReport;
    private readonly SemaphoreSlim _room = new(0);
    private readonly IProducer<byte[], byte[]> _client;
    private Error? _fatal;
    private int _inFlight;
    private int _resumeAt = -1; // messages in flight at which the waiting writer goes on; -1: none waits

    /// <param name="name">The sink's name.</param>
    /// <param name="build">Makes the client, given where its errors go.</param>
    /// <param name="errors">Tells the user of errors.</param>
    /// <param name="onReport">Takes a message's fate.</param>
    public RecordProducer(
        string name,
        Func<Action<Error>, IProducer<byte[], byte[]>> build,
        KafkaErrors errors,
        Action<OutgoingMessage, Error> onReport
    )
    {
        _name = name;
        _errors = errors;
        _onReport = onReport;
        _client = build(OnError);
    }

    /// <summary>For administrative clients.</summary>
    public Handle Handle => _client.Handle;

    /// <summary>Messages whose reports have not come.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Times that the writer found the queue full and waited.</summary>
    public long FullWaits { get; private set; }

    /// <summary>Why it can't go on; null while it can.</summary>
    public Error? Fatal => Volatile.Read(ref _fatal);

    /// <summary>What goes wrong for all messages: brokers that are gone, a fatal error.</summary>
    public Action<Error>? OnTrouble { get; set; }

    /// <summary>Hands a message over, which is copied. May be called from several threads.</summary>
    public Handed TryProduce(OutgoingMessage message, out Error? refused)
    {
        refused = null;
        Interlocked.Increment(ref _inFlight);
        message.Begin(this);
        try
        {
            _client.Produce(message.Topic, message.Kafka, message.OnDelivery);
            return Handed.Over;
        }
        catch (KafkaException e)
        {
            message.TakeBack();
            Interlocked.Decrement(ref _inFlight);
            if (e.Error.Code == ErrorCode.Local_QueueFull)
                return Handed.Full;
            if (e.Error.IsFatal || e.Error.Code == ErrorCode.Local_Fatal)
                Interlocked.CompareExchange(ref _fatal, e.Error, null);
            refused = e.Error;
            return Handed.Refused;
        }
    }

    /// <summary>Waits, without holding a thread, until half of what is in flight has been reported. For one caller.</summary>
    /// <param name="patience">The longest wait.</param>
    /// <returns>Whether there may be room now.</returns>
    public async ValueTask<bool> WaitForRoomAsync(TimeSpan patience)
    {
        FullWaits++;
        int inFlight = InFlight;
        if (inFlight == 0)
        {
            // librdkafka gives a message's room back only after its report has been served: a moment.
            await Task.Delay(1);
            return true;
        }

        int resumeAt = inFlight / 2;
        Interlocked.Exchange(ref _resumeAt, resumeAt);

        // Reports that came before the line above have told nobody. Whoever takes the mark back has to act on it.
        bool late = InFlight <= resumeAt || Fatal is not null;
        if (late && Interlocked.Exchange(ref _resumeAt, -1) >= 0)
            return true;
        if (await _room.WaitAsync(patience))
            return true;
        if (Interlocked.Exchange(ref _resumeAt, -1) >= 0)
            return false;
        await _room.WaitAsync(); // released at the last moment
        return true;
    }

    /// <summary>Sends what waits and serves reports, for this long at most. Blocks.</summary>
    public void Flush(TimeSpan time) => _client.Flush(time);

    /// <summary>A report has come.</summary>
    /// <param name="message">Whose; null when nobody waits for it any longer.</param>
    /// <param name="error">Its fate.</param>
    public void Report(OutgoingMessage? message, Error error)
    {
        if (message is not null)
            _onReport(message, error);
        if (Interlocked.Decrement(ref _inFlight) <= Volatile.Read(ref _resumeAt))
            Resume();
    }

    /// <summary>What to tell when it can't go on.</summary>
    public FlowPipeException Stopped() => new($"{_name}: the producer can't go on: {_errors.Explain(Fatal!)}");

    public void Dispose()
    {
        _client.Dispose();
        _room.Dispose();
    }

    private void OnError(Error error)
    {
        _errors.Report(error);
        if (error.IsFatal)
        {
            Volatile.Write(ref _fatal, error);
            Resume();
        }
        if (error.IsFatal || error.Code == ErrorCode.Local_AllBrokersDown)
            OnTrouble?.Invoke(error);
    }

    private void Resume()
    {
        if (Interlocked.Exchange(ref _resumeAt, -1) >= 0)
            _room.Release();
    }
}
