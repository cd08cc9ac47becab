using System.Buffers;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>Which of the formats that <c>kafkaMsgFormat</c> of Arkime's Kafka plugin names.</summary>
internal enum ArkimeFormat
{
    /// <summary>Several documents a message, each behind a line that says where it belongs: the body of an index's bulk request.</summary>
    Bulk,

    /// <summary>The same with one document.</summary>
    Bulk1,

    /// <summary>One document alone, which names its index and id itself.</summary>
    Doc,
}

/// <summary>
/// What consumers of Arkime's Kafka plugin expect. A document's id is made of the record's, so the same record sent again replaces itself.
/// <code>
/// bulk, bulk1: {"index":{"_index":"arkime_sessions3-240501","_id":"240501-…"}} LF document LF …
/// doc:         {"_id":"240501-…","sessionIndex":"arkime_sessions3-240501", … }
/// </code>
/// </summary>
internal sealed class ArkimeEncoding(ArkimeFormat format, ArkimeSettings settings) : ISpiEncoding
{
    private readonly ArkimeIndex _index = new(settings.RotateIndex);
    private readonly string _prefix = JsonEncodedText.Encode(settings.Prefix).ToString();
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);

    public bool WantsAvro => false;

    public bool WantsJson => true;

    public bool Joins => format == ArkimeFormat.Bulk;

    public ValueTask OpenAsync(CancellationToken stop) => ValueTask.CompletedTask;

    public int Encode(SpiBatch batch, int first, out byte[] value)
    {
        _buffer.ResetWrittenCount();
        int count = 0;
        do
        {
            SpiRecord record = batch.Records[first + count];
            if (format == ArkimeFormat.Doc)
                WriteDocument(record, batch.JsonOf(record));
            else
                WriteBulk(record, batch.JsonOf(record));
            count++;
        } while (Joins && first + count < batch.Count && HasRoom(batch, batch.Records[first + count]));
        value = _buffer.WrittenSpan.ToArray();
        return count;
    }

    public void AddHeaders(Headers headers) { }

    public void Dispose() { }

    private bool HasRoom(SpiBatch batch, SpiRecord record)
    {
        const int ActionLineMax = 512;
        return _buffer.WrittenCount + batch.JsonOf(record).Length + ActionLineMax <= settings.DbBulkSize;
    }

    private void WriteBulk(SpiRecord record, ReadOnlySpan<byte> document)
    {
        string date = _index.DateOf(record.LastPacketNs);
        Write($"{{\"index\":{{\"_index\":\"{_prefix}sessions3-{date}\",\"_id\":\"{date}-{record.Id}\"}}}}\n");
        _buffer.Write(document);
        _buffer.Write("\n"u8);
    }

    private void WriteDocument(SpiRecord record, ReadOnlySpan<byte> document)
    {
        string date = _index.DateOf(record.LastPacketNs);
        Write($"{{\"_id\":\"{date}-{record.Id}\",\"sessionIndex\":\"{_prefix}sessions3-{date}\",");
        _buffer.Write(document[1..]);
    }

    private void Write(string text) => Encoding.UTF8.GetBytes(text, _buffer);
}
