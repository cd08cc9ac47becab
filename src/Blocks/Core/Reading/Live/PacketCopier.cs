using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// Gathers packets by copying them to pooled blocks, for those whose memory can't be lent for long: libpcap's handles, and rings in which many blocks
/// with little in them would be out at once. Of one lane's thread, but for blocks that come back.
/// </summary>
internal sealed class PacketCopier
{
    private const long DueMilliseconds = 10;
    private const long DueUnderPressureMilliseconds = 1_000;
    private readonly BatchOutlet _outlet;
    private readonly CreditPool<BufferBlock> _blocks;
    private BufferBlock? _block;
    private int _used;
    private PacketBatch? _batch;
    private long _begun;

    public PacketCopier(BatchOutlet outlet, LiveReaderSettings settings)
    {
        _outlet = outlet;
        // a block holds the longest packet
        int bytes = Math.Max(settings.BlockBytes, settings.SnapLen + RingFrame.TagBytes);
        _blocks = new CreditPool<BufferBlock>(settings.Blocks, () => new BufferBlock(bytes, _blocks!.Return));
    }

    /// <summary>Whether packets wait to be handed on.</summary>
    public bool HasAny => _batch is not null;

    /// <summary>Lends no more blocks: the run has failed.</summary>
    public void Close() => _blocks.Close();

    /// <summary>Takes a copy of a packet; sheds it where there is no room.</summary>
    public void Add(ReadOnlySpan<byte> frame, long timestampNs, int original, ushort linkType)
    {
        if (_block is null || _block.Length - _used < frame.Length)
            NextBlock();
        if (_batch is null && _block is not null)
        {
            _batch = _outlet.TryTake(_block);
            _begun = Environment.TickCount64;
        }
        if (_batch is null)
        {
            _outlet.ShedOne();
            return;
        }
        frame.CopyTo(_block!.Bytes.AsSpan(_used));
        bool full = _outlet.Add(_batch, timestampNs, _used, frame.Length, original, linkType);
        _used += frame.Length;
        if (full)
            HandOn();
    }

    /// <summary>Hands on what has waited for long enough. Under pressure a batch that nobody takes goes on filling up.</summary>
    public void HandOnDue()
    {
        if (_batch is null)
            return;
        long waited = Environment.TickCount64 - _begun;
        if (waited < (_outlet.IsPressed ? DueUnderPressureMilliseconds : DueMilliseconds))
            return;
        if (_outlet.TryHandOn(_batch))
            _batch = null;
    }

    /// <summary>Hands on what there is.</summary>
    public void HandOn()
    {
        if (_batch is null)
            return;
        _outlet.HandOn(_batch);
        _batch = null;
    }

    /// <summary>Gives back what it holds.</summary>
    public void Release()
    {
        HandOn();
        _block?.Release();
        _block = null;
    }

    private void NextBlock()
    {
        Release();
        while ((_block = _outlet.Rent(_blocks)) is null && _outlet.HasTime())
            Thread.Sleep(1);
        _block?.Lend(1);
        _used = 0;
    }
}
