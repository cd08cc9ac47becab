using Confluent.Kafka;
using FlowPipe.Core.Emitting.DeadLetters;
using FlowPipe.Core.Emitting.Spooling;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Sees messages to their fate. They go to the producer, or while there is trouble to the spool's end; what comes back, and what lies in the spool, is
/// the business of a thread of its own (<see cref="Run"/>), so that neither the writer nor librdkafka's threads touch a disk for it.
/// <code>
///   SendAsync ──► producer ──► delivered
///       │            │ ▲
///       │   returned │ │ again        dead letter topic ──► file ──► failed
///       ▼            ▼ │                     ▲
///     spool ◄──────► thread ─────────────────┘
/// </code>
/// </summary>
internal sealed partial class RecordDelivery : IDisposable
{
    /// <summary>Messages that have come back and wait for the thread: beyond it the writer waits.</summary>
    private const int ReturnedMax = 10_000;

    /// <summary>Entries of the spool that are on their way at once; in trouble just enough to notice its end.</summary>
    private const int DrainMax = 4096;
    private const int ProbeMax = 32;
    private const long DrainBytesMax = 16 << 20;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Idle = TimeSpan.FromMilliseconds(200);

    /// <summary>How long a full queue is waited for before records go to the spool: the time of a hiccup.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(1);

    private readonly string _name;
    private readonly MessageMaker _maker;
    private readonly SinkCounts _counts;
    private readonly KafkaErrors _errors;
    private readonly RecordProducer _producer;
    private readonly Lazy<RecordProducer> _lone; // sends each message in a batch of its own
    private readonly DeadLetterDesk _desk;
    private readonly SpoolLog? _spool;
    private readonly int _sizeMax;
    private readonly Action<string> _warn;
    private readonly Lock _lock = new();
    private readonly Queue<(OutgoingMessage Message, Error? Error, string? Reason)> _returned = new();
    private readonly Queue<OutgoingMessage> _again = new(); // the thread's own
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread _thread;
    private long _drainBytes;
    private volatile bool _isReady;
    private volatile bool _isTroubled;
    private volatile bool _isClosing;
    private volatile bool _hasAgain; // something waits to be sent again: what is new stays behind it
    private volatile bool _hasSpooled;

    /// <param name="name">The sink's name.</param>
    /// <param name="maker">Makes the messages.</param>
    /// <param name="counts">Where fates are counted.</param>
    /// <param name="errors">Tells of errors.</param>
    /// <param name="create">Makes a producer: as it is set, or one that sends each message alone.</param>
    /// <param name="desk">Dead letters.</param>
    /// <param name="spool">The spool; null for none.</param>
    /// <param name="sizeMax">Bytes that a message may have.</param>
    /// <param name="warn">Where warnings go.</param>
    public RecordDelivery(
        string name,
        MessageMaker maker,
        SinkCounts counts,
        KafkaErrors errors,
        Func<bool, Action<OutgoingMessage, Error>, RecordProducer> create,
        DeadLetterDesk desk,
        SpoolLog? spool,
        int sizeMax,
        Action<string> warn
    )
    {
        _name = name;
        _maker = maker;
        _counts = counts;
        _errors = errors;
        _desk = desk;
        _spool = spool;
        _sizeMax = sizeMax;
        _warn = warn;
        _producer = create(false, OnReport);
        _producer.OnTrouble = _ => _isTroubled = true;
        _lone = new Lazy<RecordProducer>(() => create(true, OnReport));
        if (spool is not null)
            spool.OnLost = OnLost;
        _thread = new Thread(Run) { IsBackground = true, Name = "flowpipe redelivery" };
    }

    /// <summary>For administrative clients.</summary>
    public Handle Handle => _producer.Handle;

    /// <summary>Times that the writer found the producer's queue full and waited.</summary>
    public long QueueFullWaits => _producer.FullWaits;

    /// <summary>Begins to handle what comes back.</summary>
    public void Start() => _thread.Start();

    /// <summary>Brokers and registry are there: what is in the spool may be sent.</summary>
    public void Ready()
    {
        _isReady = true;
        Wake();
    }

    /// <summary>Takes a message; waits while there is no room for it.</summary>
    /// <exception cref="FlowPipeException">The producer can't go on, and there is no spool.</exception>
    public async ValueTask SendAsync(OutgoingMessage message)
    {
        while (ReturnedCount > ReturnedMax)
            await Task.Delay(Tick);
        if (message.Fault is not null)
            Return(message, null, DeadLetterReason.Unserialisable);
        else if (KafkaMessageSize.Of(message.Kafka) > _sizeMax)
            Return(message, new Error(ErrorCode.MsgSizeTooLarge), DeadLetterReason.TooLarge);
        else if (_spool is null)
            await ProduceAsync(message);
        else if (_isReady && !_isTroubled && !_hasAgain && !_spool.HasUnread && await TryProduceAsync(message))
            return;
        else
            await SpoolAsync(_spool, message);
    }

    /// <summary>Waits until every message has met its fate and the spool is empty, or the time for it is over.</summary>
    /// <param name="patience">Where there is a spool: how long nothing may be delivered before the rest is left to it.</param>
    /// <param name="deadline">Ends the wait.</param>
    public Task FlushAsync(TimeSpan patience, CancellationToken deadline) =>
        Task.Factory.StartNew(
            () => Flush(patience, deadline),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    public void Dispose()
    {
        StopThread();
        _producer.Dispose();
        if (_lone.IsValueCreated)
            _lone.Value.Dispose();
        _desk.Dispose();
        _spool?.Dispose();
        _wake.Dispose();
    }

    private int ReturnedCount
    {
        get
        {
            lock (_lock)
                return _returned.Count;
        }
    }

    private bool IsDone => _counts.Open <= 0 && (_spool is null || _spool.IsEmpty);

    /// <summary>Hands over to the producer, however long that takes.</summary>
    private async ValueTask ProduceAsync(OutgoingMessage message)
    {
        const int emptyTriesMax = 5000;
        int emptyTries = 0;
        while (true)
        {
            if (_producer.Fatal is not null)
                throw _producer.Stopped();
            switch (_producer.TryProduce(message, out Error? refused))
            {
                case Handed.Over:
                    return;
                case Handed.Refused when _producer.Fatal is not null:
                    throw _producer.Stopped();
                case Handed.Refused:
                    Return(message, refused, null);
                    return;
                case Handed.Full when _producer.InFlight == 0 && ++emptyTries > emptyTriesMax:
                    throw new FlowPipeException(
                        $"{_name}: a record of {message.Kafka.Value.Length} bytes does not fit into the empty queue; raise kafka.queue.buffering.max.kbytes"
                    );
                default:
                    await _producer.WaitForRoomAsync(Timeout.InfiniteTimeSpan);
                    break;
            }
        }
    }

    /// <summary>Hands over to the producer, if it has room within a moment.</summary>
    private async ValueTask<bool> TryProduceAsync(OutgoingMessage message)
    {
        long until = Environment.TickCount64 + (long)Moment.TotalMilliseconds;
        while (_producer.Fatal is null)
        {
            switch (_producer.TryProduce(message, out Error? refused))
            {
                case Handed.Over:
                    return true;
                case Handed.Refused when _producer.Fatal is null:
                    Return(message, refused, null);
                    return true;
                case Handed.Full when Environment.TickCount64 < until:
                    await _producer.WaitForRoomAsync(Moment);
                    continue;
                default:
                    break;
            }
            break;
        }
        _isTroubled = true;
        return false;
    }

    private async ValueTask SpoolAsync(SpoolLog spool, OutgoingMessage message)
    {
        while (true)
        {
            switch (TrySpool(spool, message))
            {
                case SpoolOutcome.Full when _isClosing:
                    Settle(message, Fate.Failed, SpoolFull);
                    return;
                case SpoolOutcome.Full:
                    await Task.Delay(Tick);
                    break;
                default:
                    return;
            }
        }
    }

    /// <summary>Why a record failed that waited for room in the spool when the run was ended.</summary>
    private const string SpoolFull = "spool-full";

    /// <summary>Puts a message to the spool's end, and counts what becomes of it, unless there is no room to wait for.</summary>
    private SpoolOutcome TrySpool(SpoolLog spool, OutgoingMessage message)
    {
        SpoolOutcome outcome = spool.TryAppend(message);
        switch (outcome)
        {
            case SpoolOutcome.Kept:
                _errors.Tell("spool", "records go to the spool until they can be delivered");
                _hasSpooled = true;
                _counts.Spool(message.Records);
                Recycle(message);
                Wake();
                break;
            case SpoolOutcome.Evicted:
                Settle(message, Fate.Evicted);
                break;
            case SpoolOutcome.NeverFits:
                message.Fault = "it is larger than the spool may be: raise spool.maxBytes";
                Return(message, null, DeadLetterReason.TooLarge);
                break;
            default:
                break;
        }
        return outcome;
    }

    private void OnReport(OutgoingMessage message, Error error)
    {
        if (error.IsError)
        {
            Return(message, error, null);
            return;
        }
        _isTroubled = false;
        _errors.CountDelivered();
        if (message.DeadReason is null)
            Settle(message, Fate.Delivered);
        else
            Settle(message, Fate.DeadLettered, message.DeadReason);
    }

    private void Return(OutgoingMessage message, Error? error, string? reason)
    {
        lock (_lock)
            _returned.Enqueue((message, error, reason));
        Wake();
    }

    private void Wake()
    {
        if (_wake.CurrentCount == 0)
            _wake.Release();
    }
}
