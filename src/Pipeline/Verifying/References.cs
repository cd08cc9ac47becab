using FlowPipe.Core;
using FlowPipe.Core.Digests;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>Takes the id and the digest of a record.</summary>
internal delegate void ReferenceEntry(Guid id, ReadOnlySpan<byte> digest);

/// <summary>A list of the records that a run made, to compare with; may be read again and again.</summary>
internal interface IReference
{
    string Name { get; }

    /// <summary>Hands on every record's id and digest.</summary>
    void Read(ReferenceEntry take, CancellationToken stop);
}

/// <summary>The list that a run wrote beside its manifest.</summary>
internal sealed class IdsReference(string path, RecordEncoding encoding) : IReference
{
    public string Name => path;

    public void Read(ReferenceEntry take, CancellationToken stop)
    {
        using var ids = new IdsReader(path, encoding);
        while (ids.TryRead(out Guid id, out ReadOnlySpan<byte> digest))
        {
            stop.ThrowIfCancellationRequested();
            take(id, digest);
        }
    }
}

/// <summary>Another output of the run, or that of its repetition.</summary>
internal sealed class OutputReference(RawSource source, RecordEncoding encoding) : IReference
{
    public string Name => source.Name;

    public void Read(ReferenceEntry take, CancellationToken stop)
    {
        using var hasher = new RecordHasher();
        Span<byte> digest = stackalloc byte[DigestSum.Length];
        foreach (RawRecord record in source.Read(stop))
        {
            if (record.Fault is { } fault)
                throw new FlowPipeException($"{source.Show(record.Place)}: {fault}: nothing can be compared with it");
            if (record.Encoding != encoding)
                throw new FlowPipeException(
                    $"{source.Name}: it has another form than what is verified: Avro and JSON can't be compared by digests"
                );
            hasher.Hash(record.Id, record.Content.Span, record.Uris, digest);
            take(record.Id, digest);
        }
    }
}
