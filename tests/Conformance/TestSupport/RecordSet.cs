using System.Buffers;
using System.Text;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>The Avro records of a run, without regard to their order.</summary>
internal sealed class RecordSet
{
    private readonly byte[][] _records;

    public RecordSet(IEnumerable<byte[]> records)
    {
        _records = [.. records];
        Array.Sort(_records, static (left, right) => left.AsSpan().SequenceCompareTo(right));
    }

    public int Count => _records.Length;

    public IReadOnlyList<byte[]> Records => _records;

    /// <summary>The records as Apache.Avro reads them.</summary>
    public IEnumerable<GenericRecord> Decode()
    {
        var reader = new GenericDatumReader<GenericRecord>(SessionSchema.Parsed, SessionSchema.Parsed);
        foreach (byte[] record in _records)
            yield return reader.Read(null!, new BinaryDecoder(new MemoryStream(record)));
    }

    /// <summary>The same records without <c>file_uris</c>, which depends on where a capture lies.</summary>
    public RecordSet WithoutUris()
    {
        var writer = new GenericDatumWriter<GenericRecord>(SessionSchema.Parsed);
        return new RecordSet(Decode().Select(Encode));

        byte[] Encode(GenericRecord record)
        {
            record.Add("file_uris", Array.Empty<object>());
            using var to = new MemoryStream();
            writer.Write(record, new BinaryEncoder(to));
            return to.ToArray();
        }
    }

    /// <summary>What differs from the records that ought to be there; null when nothing does.</summary>
    public string? DifferenceFrom(RecordSet expected)
    {
        int missing = 0;
        int more = 0;
        string? firstMissing = null;
        string? firstMore = null;
        for (int i = 0, j = 0; i < expected.Count || j < Count; )
        {
            int order =
                i == expected.Count ? 1
                : j == Count ? -1
                : expected._records[i].AsSpan().SequenceCompareTo(_records[j]);
            if (order == 0)
            {
                i++;
                j++;
            }
            else if (order < 0)
            {
                missing++;
                firstMissing ??= Document(expected._records[i]);
                i++;
            }
            else
            {
                more++;
                firstMore ??= Document(_records[j]);
                j++;
            }
        }
        return missing + more == 0
            ? null
            : $"{missing} of {expected.Count} records are missing, {more} are new\n    - {firstMissing}\n    + {firstMore}";
    }

    /// <summary>The record for human eyes: its document, cut where it gets long.</summary>
    private static string Document(byte[] record)
    {
        var values = new SpiFields();
        new SpiRecordDecoder().Decode(record, values);
        var to = new ArrayBufferWriter<byte>();
        new Sessions3Writer(new Sessions3Options { GapPacketPos = false }).Write(new SpiRow(), values, to);
        string text = Encoding.UTF8.GetString(to.WrittenSpan);
        return text.Length <= 1500 ? text : text[..1500] + "…";
    }
}
