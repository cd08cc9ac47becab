using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>Reads a capture as a replay does, up to the last packet wanted of it, and keeps those that are.</summary>
internal sealed class SourcePicker(WantedSource wanted, PacketStore store)
{
    private readonly IReadOnlyList<long> _offsets = wanted.Offsets;
    private int _next;
    private bool _changed;

    /// <summary>Packets found.</summary>
    public int Found { get; private set; }

    /// <summary>Reads a file. False when it is another source than the one that the records mean; nothing of it is kept then.</summary>
    public async Task<bool> TryReadAsync(string path, Action<string> damaged, CancellationToken stop)
    {
        _next = 0;
        _changed = false;
        using var reader = new FilePacketReader(new FileReaderSettings { Inputs = [new CaptureInput(path)], OnDamage = damaged });
        using CancellationTokenSource over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var picking = new ActionBlock<PacketBatch>(batch => Take(batch, over), BlockOptions.Bounded(BlockOptions.MinimumCapacity));
        try
        {
            await reader.ReadAsync(picking, over.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // All that was wanted is there.
        }
        picking.Complete();
        await picking.Completion.ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        return !_changed;
    }

    private void Take(PacketBatch batch, CancellationTokenSource over)
    {
        if (wanted.Fingerprint.Length > 0 && batch.Source!.Fingerprint != wanted.Fingerprint)
            _changed = true;
        for (int i = 0; i < batch.Count && !_changed; i++)
        {
            ref readonly PacketRecord record = ref batch.Records[i];
            // Offsets rise within a source. One that no packet begins at is passed over.
            while (_next < _offsets.Count && _offsets[_next] < record.SourceOffset)
                _next++;
            if (_next == _offsets.Count)
                break;
            if (_offsets[_next] != record.SourceOffset)
                continue;
            store.Add(in record, batch.Frame(in record));
            Found++;
            _next++;
        }
        batch.Recycle();
        if (_changed || _next == _offsets.Count)
            over.Cancel();
    }
}
