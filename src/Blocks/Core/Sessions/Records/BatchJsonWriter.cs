using System.Buffers;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>Lets a document be written behind the others of its batch.</summary>
internal sealed class BatchJsonWriter : IBufferWriter<byte>
{
    private SpiBatch _batch = null!;

    public BatchJsonWriter For(SpiBatch batch)
    {
        _batch = batch;
        return this;
    }

    public void Advance(int count) => _batch.JsonLength += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _batch.Json.AsMemory(_batch.JsonLength);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _batch.Json.AsSpan(_batch.JsonLength);
    }

    private void Ensure(int sizeHint)
    {
        int wanted = _batch.JsonLength + Math.Max(sizeHint, 4096);
        if (_batch.Json.Length < wanted)
            Array.Resize(ref _batch.Json, Math.Max(wanted, Math.Max(64 * 1024, _batch.Json.Length * 2)));
    }
}
