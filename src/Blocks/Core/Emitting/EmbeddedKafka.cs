using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// A Kafka cluster inside this process: librdkafka's mock cluster, on real sockets of the loopback interface. For a first run and for tests. It
/// keeps 5 MB a partition in memory and then drops the oldest: whoever reads must keep up, or the topic needs more partitions. Starts when
/// it is first used; one object serves producers and consumers alike. Its methods may be called from any thread.
/// </summary>
public sealed class EmbeddedKafka : IDisposable
{
    /// <summary>Partitions of a topic unless told otherwise: room for 20 MB as sent, which is compressed.</summary>
    public const int DefaultPartitions = 4;

    private readonly Lock _lock = new();
    private readonly int _brokers;
    private readonly HashSet<string> _topics = new(StringComparer.Ordinal);
    private nint _client;
    private nint _cluster;
    private string? _bootstrapServers;
    private bool _disposed;

    /// <param name="brokers">Brokers of the cluster; they are numbered from 1.</param>
    public EmbeddedKafka(int brokers = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(brokers, 1);
        _brokers = brokers;
    }

    /// <summary>Where its brokers listen: <c>host:port,…</c>.</summary>
    public string BootstrapServers
    {
        get
        {
            lock (_lock)
            {
                Start();
                return _bootstrapServers!;
            }
        }
    }

    /// <summary>Makes a topic, unless this object has made it before.</summary>
    /// <exception cref="FlowPipeException">The cluster refused.</exception>
    public unsafe void CreateTopic(string name, int partitions = DefaultPartitions)
    {
        lock (_lock)
        {
            nint cluster = Start();
            if (_topics.Contains(name))
            {
                return;
            }

            int error;
            fixed (byte* utf8 = Utf8(name))
            {
                error = NativeKafka.MockTopicCreate(cluster, utf8, partitions, _brokers);
            }

            Check(error, $"topic {name}");
            _topics.Add(name);
        }
    }

    /// <summary>The next requests of a kind (Kafka's protocol number: Produce is 0, Fetch 1, Metadata 3) are answered with these errors.</summary>
    public unsafe void PushErrors(short apiKey, params ReadOnlySpan<ErrorCode> errors)
    {
        lock (_lock)
        {
            nint cluster = Start();
            Span<int> codes = stackalloc int[errors.Length];
            for (int i = 0; i < errors.Length; i++)
            {
                codes[i] = (int)errors[i];
            }

            fixed (int* first = codes)
            {
                NativeKafka.MockPushRequestErrors(cluster, apiKey, (nuint)codes.Length, first);
            }
        }
    }

    /// <summary>From now on a topic's metadata say this error; <see cref="ErrorCode.NoError"/> ends it.</summary>
    public unsafe void SetTopicError(string name, ErrorCode error)
    {
        lock (_lock)
        {
            nint cluster = Start();
            fixed (byte* utf8 = Utf8(name))
            {
                NativeKafka.MockTopicSetError(cluster, utf8, (int)error);
            }
        }
    }

    /// <summary>A broker answers so much later.</summary>
    public unsafe void SetRoundTripTime(int broker, TimeSpan time)
    {
        lock (_lock)
        {
            Check(NativeKafka.MockBrokerSetRtt(Start(), broker, (int)time.TotalMilliseconds), $"broker {broker}");
        }
    }

    /// <summary>A broker closes its connections and takes no more, or takes them again.</summary>
    public unsafe void SetBrokerUp(int broker, bool up)
    {
        lock (_lock)
        {
            nint cluster = Start();
            Check(up ? NativeKafka.MockBrokerSetUp(cluster, broker) : NativeKafka.MockBrokerSetDown(cluster, broker), $"broker {broker}");
        }
    }

    /// <summary>Stops the cluster; what it holds is gone.</summary>
    public unsafe void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            if (_cluster != 0)
            {
                NativeKafka.MockClusterDestroy(_cluster);
                NativeKafka.Destroy(_client);
                _cluster = 0;
                _client = 0;
            }
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static void Check(int error, string what)
    {
        if (error != 0)
        {
            throw new FlowPipeException($"embedded broker: {what}: {new Error((ErrorCode)error).Reason}");
        }
    }

    private unsafe nint Start()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_cluster != 0)
        {
            return _cluster;
        }

        nint configuration = NativeKafka.ConfNew();
        NativeKafka.ConfSetLogCallback(configuration, 0); // else it tells stderr that it has no brokers to connect to
        const int ErrorLength = 512;
        byte* error = stackalloc byte[ErrorLength];
        nint client = NativeKafka.New(NativeKafka.Producer, configuration, error, ErrorLength);
        if (client == 0)
        {
            NativeKafka.ConfDestroy(configuration);
            throw new FlowPipeException($"the embedded broker can't start: {Marshal.PtrToStringUTF8((nint)error)}");
        }

        nint cluster = NativeKafka.MockClusterNew(client, _brokers);
        if (cluster == 0)
        {
            NativeKafka.Destroy(client);
            throw new FlowPipeException("the embedded broker can't start: no socket on the loopback interface");
        }

        _client = client;
        _bootstrapServers = Marshal.PtrToStringUTF8(NativeKafka.MockClusterBootstraps(cluster));
        return _cluster = cluster;
    }
}
