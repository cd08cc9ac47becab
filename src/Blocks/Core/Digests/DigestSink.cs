using FlowPipe.Core.Emitting;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Digests;

/// <summary>
/// Stands behind the sinks and takes the digest of every record that they were given, in each encoding that one of them uses. Where asked, it
/// also lists the records' ids and digests.
/// </summary>
public sealed class DigestSink : ISpiSink
{
    private readonly AvroContent? _avro;
    private readonly RecordHasher _hasher = new();
    private readonly IdsWriter? _ids;

    /// <param name="sinks">Whose encodings are digested.</param>
    /// <param name="schema">The records' Avro schema as JSON.</param>
    /// <param name="idsFile">Where ids and digests are listed; null for nowhere.</param>
    public DigestSink(IReadOnlyList<ISpiSink> sinks, Func<string> schema, string? idsFile = null)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        ArgumentNullException.ThrowIfNull(schema);
        foreach (ISpiSink sink in sinks)
        {
            WantsAvro |= sink.WantsAvro;
            WantsJson |= sink.WantsJson;
        }

        if (WantsAvro)
        {
            _avro = new AvroContent(schema());
            Avro = new DigestBuckets();
        }

        Json = WantsJson ? new DigestBuckets() : null;
        _ids = idsFile is null ? null : new IdsWriter(idsFile, WantsAvro, WantsJson);
    }

    /// <summary>Digests of the Avro encodings; null when no sink uses them.</summary>
    public DigestBuckets? Avro { get; }

    /// <summary>Digests of the documents; null when no sink uses them.</summary>
    public DigestBuckets? Json { get; }

    public string Name => "digest";

    public bool WantsAvro { get; }

    public bool WantsJson { get; }

    public SinkCounts Counts { get; } = new();

    public ValueTask OpenAsync(CancellationToken stop)
    {
        _ids?.Open();
        return ValueTask.CompletedTask;
    }

    public ValueTask WriteAsync(SpiBatch batch)
    {
        Counts.Accept(batch.Count);
        Span<byte> digests = stackalloc byte[2 * DigestSum.Length];
        foreach (SpiRecord record in batch.Records)
        {
            int length = 0;
            if (Avro is not null)
            {
                ReadOnlySpan<byte> encoding = batch.AvroOf(record);
                Add(Avro, record.Id, encoding, _avro!.Uris(encoding), digests[..DigestSum.Length]);
                length = DigestSum.Length;
            }

            if (Json is not null)
            {
                ReadOnlySpan<byte> document = batch.JsonOf(record);
                JsonContent.Find(document, out _, out Range uris);
                Add(Json, record.Id, document, uris, digests.Slice(length, DigestSum.Length));
                length += DigestSum.Length;
            }

            _ids?.Write(record.Id, digests[..length]);
        }

        Counts.Deliver(batch.Count, 0);
        return ValueTask.CompletedTask;
    }

    public ValueTask FlushAsync(CancellationToken deadline)
    {
        _ids?.Flush();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _hasher.Dispose();
        _ids?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Add(DigestBuckets buckets, Guid id, ReadOnlySpan<byte> encoding, Range uris, Span<byte> digest)
    {
        _hasher.Hash(id, encoding, uris, digest);
        buckets.Add(id, digest);
    }
}
