using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Graph;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Writing;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>Reads a capture as a replay does, up to the last packet wanted of it, and keeps those that are.</summary>
internal sealed class SourcePicker(WantedSource wanted, PacketStore store)
{
    private readonly IReadOnlyList<PacketPlace> _packets = wanted.Packets;
    private int _next;
    private bool _changed;

    /// <summary>Packets found.</summary>
    public int Found { get; private set; }

    /// <summary>Takes what is wanted of a file by the packets' places alone, where it is one that we have written.</summary>
    /// <returns>Whether it could.</returns>
    public bool TrySeek(string path, CancellationToken stop)
    {
        if (wanted.HasFingerprint)
            return false; // of a capture, which is to be compared
        using PcapFileReader? file = PcapFileReader.TryOpen(path);
        if (file is null)
            return false;
        foreach (PacketPlace place in _packets)
        {
            stop.ThrowIfCancellationRequested();
            // In a file that has been replaced by another, some packets may begin at the same places.
            if (!file.TryRead(place.Offset, out PcapPacket packet) || !place.Fits(packet.Frame.Length))
                continue;
            store.Add(new PacketHead(packet.TimestampNs, packet.Frame.Length, packet.OriginalLength, file.LinkType), packet.Frame);
            Found++;
        }
        return true;
    }

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
        if (wanted.HasFingerprint && batch.Source!.Fingerprint != wanted.Fingerprint)
            _changed = true;
        for (int i = 0; i < batch.Count && !_changed; i++)
        {
            ref readonly PacketRecord record = ref batch.Records[i];
            // Offsets rise within a source. One that no packet begins at is passed over.
            while (_next < _packets.Count && _packets[_next].Offset < record.SourceOffset)
                _next++;
            if (_next == _packets.Count)
                break;
            if (_packets[_next].Offset != record.SourceOffset)
                continue;
            PacketPlace place = _packets[_next++];
            ReadOnlySpan<byte> frame = batch.Frame(in record);
            // Not of a capture: with records.arkimeQuirks a fragment's length is that of its datagram.
            if (wanted.IsWritten && !place.Fits(frame.Length))
                continue;
            store.Add(new PacketHead(record.TimestampNs, frame.Length, record.OriginalLength, record.LinkType), frame);
            Found++;
        }
        batch.Recycle();
        if (_changed || _next == _packets.Count)
            over.Cancel();
    }
}
