using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Writing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>What a packet adds to its session, before any protocol looks at it: counters, and where it can be found again.</summary>
internal sealed partial class Partition
{
    private const int ArkimeEspPackets = 1; // that Arkime saves of a session

    [MethodImpl(HotPath.Options)]
    private void Count(FlowSession session, in PacketView packet, PacketBatch batch, long nowNs)
    {
        ref readonly PacketRecord record = ref packet.Record;
        session.LastNs = record.TimestampNs;
        if (session.Packets.Sum == 0)
            session.RecordSource = (record.Owned == 0 ? batch.Source! : batch.Owned.PacketsOf(in record)[0].Source).Number;
        session.Packets.Add(session.PacketSide, 1);
        if (record.Owned == 0)
        {
            _packets++;
            session.Bytes.Add(session.PacketSide, record.OriginalLength);
            if (!Saves(session))
            {
                // Nothing is kept of it any more.
            }
            else if (_appender is null)
                Place(session, batch.Source!, record.SourceOffset, record.CapturedLength);
            else
                Write(session, record.LinkType, record.TimestampNs, nowNs, packet.Frame, record.OriginalLength);
        }
        else
        {
            CountFragments(session, in record, batch, nowNs);
        }
        if (session.State == FlowState.New && session.Packets.Client > 0 && session.Packets.Server > 0)
            Enter(session, FlowState.Established);
        PacketFields.Add(session, in packet, _fields);
    }

    private void CountFragments(FlowSession session, in PacketRecord record, PacketBatch batch, long nowNs)
    {
        // A datagram is one packet, however it was cut; each fragment's bytes and place are the session's. Arkime knows its last packet alone, as
        // long as the datagram.
        ReadOnlySpan<FragmentPacket> packets = batch.Owned.PacketsOf(in record);
        _packets += packets.Length;
        session.UncountedPackets += packets.Length - 1;
        if (_countAsArkime)
        {
            session.Bytes.Add(session.PacketSide, record.OriginalLength);
            if (_appender is null && Saves(session))
                Place(session, batch.Source!, record.SourceOffset, record.CapturedLength);
        }
        foreach (ref readonly FragmentPacket packet in packets)
        {
            if (!_countAsArkime)
                session.Bytes.Add(session.PacketSide, packet.OriginalLength);
            if (_appender is not null && Saves(session))
                Write(session, packet.LinkType, packet.TimestampNs, nowNs, batch.Owned.FrameOf(in packet), packet.OriginalLength);
            else if (!_countAsArkime && Saves(session))
                Place(session, packet.Source, packet.SourceOffset, packet.CapturedLength);
        }
    }

    private bool Saves(FlowSession session)
    {
        if (_countAsArkime && session.Protocol.Type == SessionType.Esp && session.Packets.Sum > ArkimeEspPackets)
            session.StopSaving();
        return session.SavesPackets;
    }

    /// <summary>The packet stays where it was read.</summary>
    [MethodImpl(HotPath.Options)]
    private void Place(FlowSession session, PacketSource source, long offset, int captured) =>
        session.Positions.Add(_bytes, _sources, source, offset, captured + PcapLayout.RecordHeaderLength);

    /// <summary>The packet goes to a file of ours.</summary>
    private void Write(FlowSession session, ushort linkType, long timestampNs, long nowNs, ReadOnlySpan<byte> frame, int original)
    {
        bool behind = _appender!.IsBehind;
        if (behind || !_appender.TryAppend(linkType, timestampNs, nowNs, frame, original, out PacketSource file, out long offset))
        {
            _unsaved++;
            if (!session.Unsaved)
                session.AddTag(behind ? UnsavedTags.Behind : UnsavedTags.Refused);
            session.Unsaved = true;
            return;
        }
        if (session.WrittenFrom == 0)
            session.WrittenFrom = _appender.Generation;
        session.WrittenUpTo = _appender.Generation;
        session.Positions.Add(_bytes, _sources, file, offset, frame.Length + PcapLayout.RecordHeaderLength);
    }
}
