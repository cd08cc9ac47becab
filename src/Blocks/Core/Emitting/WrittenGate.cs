using FlowPipe.Core.Messages;
using FlowPipe.Core.Writing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// Lets records pass once the packets that they point to are written. In a capture a disk may refuse packets after the record was made: such a record says
/// so, by a tag.
/// </summary>
/// <param name="marks">How far the writer is.</param>
/// <param name="fields">What may leave of a record; null for all.</param>
public sealed class WrittenGate(WrittenMarks marks, FieldPolicy? fields)
{
    private readonly RecordTagger? _tagger =
        fields is null || fields.Of(RecordTagger.Tags) == FieldAction.Keep ? new(UnsavedTags.Refused) : null;

    /// <summary>Waits for the packets of a batch.</summary>
    public async ValueTask PassAsync(SpiBatch batch)
    {
        await marks.ReachedAsync(batch.Partition, batch.WrittenUpTo).ConfigureAwait(false);
        foreach (SpiRecord record in batch.Records)
        {
            if (record.WrittenUpTo > 0 && marks.IsLost(batch.Partition, record.WrittenFrom, record.WrittenUpTo))
                _tagger?.Tag(record, batch);
        }
    }
}
