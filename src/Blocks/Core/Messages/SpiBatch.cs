using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Messages;

/// <summary>
/// A record on its way: what emit, spools and dead letters need to know of it without decoding the body. Pooled with its batch: whatever is
/// needed after <see cref="Emitting.ISpiSink.WriteAsync"/> has returned must be copied.
/// </summary>
public sealed class SpiRecord
{
    /// <summary>The record's id (docs/records.md says what it is made of).</summary>
    public Guid Id;

    /// <summary>Id of the first record of its session, when there are several; else empty.</summary>
    public Guid RootId;

    /// <summary>The message key: never empty, its own array, never changed.</summary>
    public byte[] Key = [];

    /// <summary>Time of its session's first packet, nanoseconds since 1970-01-01 UTC.</summary>
    public long FirstPacketNs;

    /// <summary>Time of its last packet, nanoseconds since 1970-01-01 UTC.</summary>
    public long LastPacketNs;

    /// <summary>Whether its session ends with it.</summary>
    public bool Final;

    /// <summary>Why it was made.</summary>
    public EndReason Reason;

    /// <summary>A bit for each of the settings' routes that takes it.</summary>
    public ulong Routes;

    /// <summary>Its packets were given to the writer in these generations (<see cref="Writing.WrittenMarks"/>); 0 where none was.</summary>
    public long WrittenFrom;

    /// <summary>The last of them.</summary>
    public long WrittenUpTo;

    /// <summary>Where its Avro form lies in <see cref="SpiBatch.Avro"/>; empty when no sink wants it.</summary>
    public Range AvroRange;

    /// <summary>Where its JSON form lies in <see cref="SpiBatch.Json"/>, without a line end; empty when no sink wants it.</summary>
    public Range JsonRange;
}

/// <summary>Records of one partition, encoded there and framed in emit. Pooled.</summary>
public sealed class SpiBatch(Action<SpiBatch>? recycle)
{
    /// <summary>Records that a batch has room for.</summary>
    public const int Capacity = 256;

    private readonly SpiRecord[] _records = new SpiRecord[Capacity];

    /// <summary>How many records there are.</summary>
    public int Count { get; private set; }

    /// <summary>Says instead of records that the partition has passed a commit point: all its records before it have been sent.</summary>
    public CommitPoint? Commit { get; init; }

    /// <summary>Says instead of records that the partition has passed a milestone: all its records before it have been sent.</summary>
    public Milestone? Milestone { get; init; }

    /// <summary>With <see cref="Commit"/>: whether limits have forced sessions to end, so that the records are not a function of the packets alone.</summary>
    public bool Forced { get; init; }

    /// <summary>Whose they are.</summary>
    public int Partition;

    /// <summary>They are not sent before the partition's packets of this generation are written; 0 when there is nothing to wait for.</summary>
    public long WrittenUpTo;

    /// <summary>The records' Avro forms, one after the other.</summary>
    public byte[] Avro = [];

    /// <summary>Bytes used of <see cref="Avro"/>.</summary>
    public int AvroLength;

    /// <summary>The records' JSON forms.</summary>
    public byte[] Json = [];

    /// <summary>Bytes used of <see cref="Json"/>.</summary>
    public int JsonLength;

    /// <summary>The records.</summary>
    public ReadOnlySpan<SpiRecord> Records => _records.AsSpan(0, Count);

    /// <summary>The Avro form of a record of this batch.</summary>
    public ReadOnlySpan<byte> AvroOf(SpiRecord record) => Avro.AsSpan(record.AvroRange);

    /// <summary>The JSON form of a record of this batch.</summary>
    public ReadOnlySpan<byte> JsonOf(SpiRecord record) => Json.AsSpan(record.JsonRange);

    /// <summary>Room for one record more, to be filled in.</summary>
    public SpiRecord Add() => _records[Count++] ??= new SpiRecord();

    /// <summary>Encodes a record behind the others.</summary>
    /// <returns>Where its Avro form is.</returns>
    internal Range AddAvro(SpiRecordEncoder encoder, SpiRow row, SpiFields session)
    {
        int written;
        while (!encoder.TryEncode(row, session, Avro.AsSpan(AvroLength), out written))
            Array.Resize(ref Avro, Math.Max(64 * 1024, Avro.Length * 2));
        int start = AvroLength;
        AvroLength += written;
        return start..AvroLength;
    }

    /// <summary>Every sink is done with it.</summary>
    public void Recycle()
    {
        Count = 0;
        WrittenUpTo = 0;
        AvroLength = 0;
        JsonLength = 0;
        recycle?.Invoke(this);
    }
}
