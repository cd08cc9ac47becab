using System.Buffers;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>Reads records by the schema that they were written with: ours into values, those of others into JSON.</summary>
internal sealed class WriterSchema
{
    private static readonly string Ours = $"{SessionSchema.Namespace}.{SessionSchema.Name}";

    private readonly AvroJsonReader? _foreign;
    private readonly SpiRecordDecoder? _session;
    private readonly string? _fault;

    private WriterSchema(AvroJsonReader? foreign, SpiRecordDecoder? session, string? fault)
    {
        _foreign = foreign;
        _session = session;
        _fault = fault;
    }

    /// <summary>No schema: the records can't be read, and why.</summary>
    public static WriterSchema None(string fault) => new(null, null, fault);

    public static WriterSchema Of(string schema)
    {
        AvroJsonReader reader;
        try
        {
            reader = new AvroJsonReader(schema);
        }
        catch (InvalidDataException e)
        {
            return None(e.Message);
        }
        if (reader.Name == Ours)
        {
            try
            {
                return new WriterSchema(null, new SpiRecordDecoder(schema), null);
            }
            catch (InvalidDataException)
            {
                // Of our name, but none that this build can read as its own: shown as it is.
            }
        }
        return new WriterSchema(reader, null, null);
    }

    public StoredRecord Decode(string where, ReadOnlyMemory<byte> record)
    {
        if (_fault is not null)
            return new StoredRecord(where) { Fault = _fault };
        try
        {
            if (_session is not null)
            {
                var values = new SpiFields();
                _session.Decode(record, values);
                return new StoredRecord(where) { Values = values };
            }
            var json = new ArrayBufferWriter<byte>(1024);
            _foreign!.Write(record, json);
            return new StoredRecord(where) { Json = json.WrittenMemory, ForeignName = _foreign.Name };
        }
        catch (InvalidDataException e)
        {
            return new StoredRecord(where) { Fault = e.Message };
        }
    }
}

/// <summary>The schemas of a registry by their numbers, asked for once each. For one thread, which it blocks.</summary>
/// <param name="settings">The registry.</param>
/// <param name="waits">Whether a registry that is down is waited for; else that is the end.</param>
/// <param name="warn">Where it says that it waits.</param>
internal sealed class RegisteredSchemas(RegistrySettings settings, bool waits, Action<string> warn) : IDisposable
{
    /// <summary>Schemas kept. A topic has a few; whoever sends random numbers shall not fill the memory.</summary>
    private const int Max = 1024;

    private readonly SchemaRegistryClient _client = RegistryFaults.Open(settings);
    private readonly Dictionary<int, WriterSchema> _known = [];

    /// <exception cref="Core.FlowPipeException">The registry does not answer, or refuses us.</exception>
    public WriterSchema Get(int id, CancellationToken stop)
    {
        if (_known.TryGetValue(id, out WriterSchema? known))
            return known;
        if (_known.Count == Max)
            _known.Clear();
        WriterSchema schema = AskAsync(id, stop).GetAwaiter().GetResult() is { } text
            ? WriterSchema.Of(text)
            : WriterSchema.None($"its schema, number {id}, is not in the registry {_client.Name}");
        _known.Add(id, schema);
        return schema;
    }

    public void Dispose() => _client.Dispose();

    private async Task<string?> AskAsync(int id, CancellationToken stop)
    {
        try
        {
            return waits
                ? await new RegistryWait(_client.Name, warn)
                    .UntilAnsweredAsync(token => _client.SchemaAsync(id, token), stop)
                    .ConfigureAwait(false)
                : await _client.SchemaAsync(id, stop).ConfigureAwait(false);
        }
        catch (SchemaRegistryException e)
        {
            throw RegistryFaults.ToUser(e);
        }
    }
}
