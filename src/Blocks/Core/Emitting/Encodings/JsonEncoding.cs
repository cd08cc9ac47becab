using Confluent.Kafka;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>A <c>sessions3</c> document as it is.</summary>
internal sealed class JsonEncoding : ISpiEncoding
{
    public bool WantsAvro => false;

    public bool WantsJson => true;

    public bool Joins => false;

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public int Encode(SpiBatch batch, int first, out byte[] value)
    {
        value = batch.JsonOf(batch.Records[first]).ToArray();
        return 1;
    }

    public void AddHeaders(Headers headers) { }

    public void Dispose() { }
}
