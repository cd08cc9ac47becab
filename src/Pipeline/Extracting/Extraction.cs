using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Consuming.Filtering;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>From records to their packets: gathers the places, reads the captures, keeps the packets. What can't be had is reported, and the rest is given.</summary>
internal sealed class Extraction(SourceFiles files, PacketStore store, StatusWriter status) : IDisposable
{
    private readonly WantedPackets _wanted = new();

    /// <summary>Records whose packets were looked for.</summary>
    public long Records { get; private set; }

    /// <summary>Records that name no packets.</summary>
    public long WithoutPositions { get; private set; }

    /// <summary>Records that could not be read; each was reported.</summary>
    public long Unreadable { get; private set; }

    /// <summary>Packets that could not be had.</summary>
    public long Missing { get; private set; }

    /// <summary>Notes the places that the records of a source name.</summary>
    /// <param name="source">The records.</param>
    /// <param name="ids">Only these, unless there are none.</param>
    /// <param name="where">Only those for which it holds.</param>
    /// <param name="limit">So many at most.</param>
    /// <param name="stop">Gives up.</param>
    public void Gather(RecordSource source, ICollection<Guid> ids, RecordFilter? where, long limit, CancellationToken stop)
    {
        foreach (IReadOnlyList<StoredRecord> batch in source.Read(stop))
        foreach (StoredRecord record in batch)
        {
            if (Records == limit)
                return;
            Gather(record, ids, where);
        }
    }

    /// <summary>Reads the captures.</summary>
    public async Task ReadAsync(CancellationToken stop)
    {
        foreach (WantedSource source in _wanted.Sources)
        {
            stop.ThrowIfCancellationRequested();
            int found = await ReadAsync(source, stop).ConfigureAwait(false);
            Missing += source.Packets.Count - found;
        }
    }

    public void Dispose() => store.Dispose();

    private void Gather(in StoredRecord record, ICollection<Guid> ids, RecordFilter? where)
    {
        string? fault = record.Fault;
        try
        {
            if (fault is null && record.ForeignName is { } name)
                fault = $"it is a {name}, not a session of FlowPipe's";
            if (fault is null)
            {
                if (where?.Holds(record) == false || (ids.Count > 0 && !(RecordIds.Of(record) is { } id && ids.Contains(id))))
                    return;
                IReadOnlyList<PacketPlaces> places = PacketPlaces.Of(record);
                Records++;
                if (places.Count == 0)
                    WithoutPositions++;
                foreach (PacketPlaces part in places)
                    _wanted.Add(part);
                return;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            fault = e.Message;
        }
        Unreadable++;
        status.Message($"{record.Where}: the record can't be read: {fault}");
    }

    private async Task<int> ReadAsync(WantedSource source, CancellationToken stop)
    {
        int wanted = source.Packets.Count;
        string packets = $"{Figures.Count(wanted)} packets of it";
        string? changed = null;
        foreach (string uri in source.Uris)
        foreach (string path in files.Candidates(uri))
        {
            var picker = new SourcePicker(source, store);
            if (await TryReadAsync(picker, path, stop).ConfigureAwait(false) is not { } same)
                continue;
            if (!same)
            {
                changed = path;
                continue;
            }
            if (picker.Found < wanted)
                status.Message(
                    $"{path}: {Figures.Count(wanted - picker.Found)} of {packets} are not there: the file has been changed or cut since the records were made"
                );
            return picker.Found;
        }
        if (changed is not null)
            status.Message($"{changed} is not the capture that the records were made from (its beginning differs): {packets} can't be had");
        else if (!source.Uris.Any(static uri => uri.StartsWith("file:", StringComparison.Ordinal)))
            status.Message($"{source.Name}: {packets} can't be had, as it was no file");
        else
            status.Message($"{source.Name} is not there: {packets} can't be had; if it lies elsewhere now, name the folder with --root");
        return 0;
    }

    /// <summary>Null when the file can't be opened.</summary>
    private async Task<bool?> TryReadAsync(SourcePicker picker, string path, CancellationToken stop)
    {
        try
        {
            return picker.TrySeek(path, stop) || await picker.TryReadAsync(path, status.Message, stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            status.Message($"{path}: {e.Message}");
            return null;
        }
        catch (FlowPipeException e)
        {
            status.Message(e.Message);
            return null;
        }
    }
}
