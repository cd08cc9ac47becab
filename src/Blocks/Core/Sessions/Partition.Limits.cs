using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Sessions;

/// <summary>What a partition does where there is no room for a packet's session.</summary>
internal sealed partial class Partition
{
    /// <summary>
    /// Sees to the limits before a packet: where there is no room for it, sessions end until there is, first what is over, then what is over
    /// by emergency mode's timeouts, then the least recent. The wheel runs first, to the very clock, so that what is forced is not what
    /// would have been over anyhow.
    /// </summary>
    /// <returns>False when the outbox was full first: call again once it has been sent.</returns>
    private bool MakeRoom(PacketBatch batch, in PacketRecord record)
    {
        if (_limits.IsEmergency && _limits.HasRecovered(_table.Count, MemoryBytes))
        {
            if (!RunTimeouts(record.ClockNs, exact: true))
                return false;
            LeaveEmergency();
        }
        bool simulated = IsSimulated(record.Ordinal + 1);
        while (simulated || IsCrowded(batch, in record))
        {
            if (!RunTimeouts(record.ClockNs, exact: true))
                return false;
            if (!simulated && !IsCrowded(batch, in record))
                break;
            if (!_limits.IsEmergency)
            {
                _limits.Enter();
                _wheel.Use(_timeouts.Emergency);
                continue;
            }
            if (_wheel.TakeLeastRecent() is not { } session)
                break;
            _evicted++;
            End(session, EndReason.Forced);
            simulated = false;
            _faultDone = record.Ordinal + 1;
            if (_outbox.IsFull)
                return false;
        }
        _attend = _limits.IsEmergency || _faults.Length > 0 || _limits.IsFull(_table.Count);
        return true;
    }

    private bool IsCrowded(PacketBatch batch, in PacketRecord record)
    {
        if (_table.Count > 0 && _limits.IsOver(MemoryBytes))
            return true;
        if (!_limits.IsFull(_table.Count))
            return false;
        // Full is not yet too full: only another session needs room.
        var packet = new PacketView(in record, batch.Frame(in record));
        return TryCreateSessionId(record.MProtocol >= _firstGuarded, _protocols[record.MProtocol], in packet, out SessionId id)
            && _table.Find(record.Hash, in id) is null;
    }

    private bool IsSimulated(long packet)
    {
        if (packet == _faultDone)
            return false;
        foreach (FaultSwitch fault in _faults)
        {
            if (fault.Packet == packet)
                return true;
        }
        return false;
    }

    private void LeaveEmergency()
    {
        if (!_limits.IsEmergency)
            return;
        _limits.Leave();
        _wheel.Use(_timeouts.Normal);
    }

    /// <summary>Brings the account of memory up to date with what a packet has made of its session.</summary>
    private void Account(FlowSession session)
    {
        int bytes = session.Fields.MemoryBytes;
        _valueBytes += bytes - session.ValueBytes;
        session.ValueBytes = bytes;
        _bytes.HasLent = false;
        if (_limits.IsOver(MemoryBytes))
            _attend = true;
    }
}
