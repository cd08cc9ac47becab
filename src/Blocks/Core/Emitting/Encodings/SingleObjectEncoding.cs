using System.Text;
using Confluent.Kafka;
using FlowPipe.Core.Messages;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>Avro's single-object encoding: a fingerprint instead of a registry's number.</summary>
internal sealed class SingleObjectEncoding : ISpiEncoding
{
    private readonly AvroSingleObject _single;
    private readonly byte[] _fingerprint;

    /// <param name="schema">The records' schema as JSON.</param>
    public SingleObjectEncoding(string schema)
    {
        _single = new AvroSingleObject(schema);
        _fingerprint = Encoding.UTF8.GetBytes(_single.Fingerprint);
    }

    public bool WantsAvro => true;

    public bool WantsJson => false;

    public bool Joins => false;

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public int Encode(SpiBatch batch, int first, out byte[] value)
    {
        value = _single.Frame(batch.AvroOf(batch.Records[first]));
        return 1;
    }

    public void AddHeaders(Headers headers) => headers.Add("schema_fingerprint", _fingerprint);

    public void Dispose() { }
}
