using FlowPipe.Abstractions;

namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>What enqueue drops of the packets that would go to a session: those on the lists, and those that come again.</summary>
internal sealed class PacketDrops(Snapshot<DropLists> lists, PacketDedup? dedup)
{
    private DropLists? _lists;

    /// <summary>Takes the lists that are in force now, for a whole batch. False when nothing is to be dropped.</summary>
    public bool BeginBatch()
    {
        _lists = lists.Current;
        return _lists is not null || dedup is not null;
    }

    /// <summary>What becomes of a packet that has its session id.</summary>
    public PacketRc Check(in PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        if (_lists is not null && _lists.Check(in packet, frame) is var verdict and not PacketRc.DoProcess)
            return verdict;
        return dedup is not null && dedup.IsDuplicate(in packet, frame) ? PacketRc.DuplicateDropped : PacketRc.DoProcess;
    }

    /// <summary>The clock begins anew.</summary>
    public void Restart() => dedup?.Clear();
}
