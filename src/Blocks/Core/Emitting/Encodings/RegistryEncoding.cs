using System.Text;
using Confluent.Kafka;
using FlowPipe.Core.Messages;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>Avro behind Confluent's five bytes, which name the schema by its number in a registry.</summary>
internal sealed class RegistryEncoding : ISpiEncoding
{
    /// <summary>The header that says which schema a value is of.</summary>
    public const string FingerprintHeader = "schema_fingerprint";

    private readonly SchemaRegistryClient _client;
    private readonly RegistrySettings _settings;
    private readonly string _schema;
    private readonly string _topic;
    private readonly string _subject;
    private readonly RegistryWait _wait;
    private readonly byte[] _fingerprint;
    private int _id; // 0: not known yet; registries count from 1

    /// <param name="settings">The registry.</param>
    /// <param name="schema">The records' schema as JSON.</param>
    /// <param name="topic">Where they go.</param>
    /// <param name="warn">Where it says that it waits.</param>
    /// <exception cref="FlowPipeException">A file that the settings name can't be read.</exception>
    public RegistryEncoding(RegistrySettings settings, string schema, string topic, Action<string> warn)
    {
        _settings = settings;
        _schema = schema;
        _topic = topic;
        _subject = SubjectNames.Of(settings.Strategy, topic, new AvroJsonReader(schema).Name);
        _fingerprint = Encoding.UTF8.GetBytes(new AvroSingleObject(schema).Fingerprint);
        _client = RegistryFaults.Open(settings);
        _wait = new RegistryWait(_client.Name, warn);
    }

    public bool WantsAvro => true;

    public bool WantsJson => false;

    public bool Joins => false;

    public bool IsUnfinished { get; private set; }

    /// <summary>Asks for the schema's number. A registry that is down is waited for, as files wait for brokers.</summary>
    public async ValueTask OpenAsync(CancellationToken stop)
    {
        RegisteredSchema? found = await _wait.UntilAnsweredAsync(FindAsync, stop).ConfigureAwait(false);
        Volatile.Write(ref _id, found?.Id ?? throw await MissingAsync(stop).ConfigureAwait(false));
    }

    /// <summary>Asks once, with the client's own retries.</summary>
    public async ValueTask<bool> TryOpenAsync(CancellationToken stop)
    {
        try
        {
            RegisteredSchema? found = await FindAsync(stop).ConfigureAwait(false);
            Volatile.Write(ref _id, found?.Id ?? throw await MissingAsync(stop).ConfigureAwait(false));
            return true;
        }
        catch (SchemaRegistryException e) when (e.Fault == RegistryFault.Unreachable)
        {
            return false;
        }
        catch (SchemaRegistryException e)
        {
            throw RegistryFaults.ToUser(e);
        }
    }

    public bool Has(ReadOnlySpan<byte> fingerprint) => fingerprint.SequenceEqual(_fingerprint);

    public byte[] Frame(byte[] value) => ConfluentFrame.Frame(Volatile.Read(ref _id), value);

    public int Encode(SpiBatch batch, int first, out byte[] value)
    {
        ReadOnlySpan<byte> record = batch.AvroOf(batch.Records[first]);
        int id = Volatile.Read(ref _id);
        IsUnfinished = id == 0;
        value = IsUnfinished ? record.ToArray() : ConfluentFrame.Frame(id, record);
        return 1;
    }

    public void AddHeaders(Headers headers) => headers.Add(FingerprintHeader, _fingerprint);

    public void Dispose() => _client.Dispose();

    private async Task<RegisteredSchema?> FindAsync(CancellationToken stop) =>
        _settings.AutoRegister
            ? await _client.RegisterAsync(_subject, _schema, stop).ConfigureAwait(false)
            : await _client.FindAsync(_subject, _schema, stop).ConfigureAwait(false);

    private async Task<FlowPipeException> MissingAsync(CancellationToken stop)
    {
        IReadOnlyList<int> versions = await _wait
            .UntilAnsweredAsync(token => _client.VersionsAsync(_subject, token), stop)
            .ConfigureAwait(false);
        string what = versions.Count == 0 ? $"has no subject {_subject}" : $"has subject {_subject}, but not with this build's schema";
        return new FlowPipeException(
            $"schema registry {_client.Name}: it {what}; run 'flowpipe schema register --registry {_settings} --topic {_topic}', "
                + "or set kafka.auto.register.schemas to true"
        );
    }
}
