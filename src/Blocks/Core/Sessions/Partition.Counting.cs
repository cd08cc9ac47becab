using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>What a packet adds to its session, before any protocol looks at it.</summary>
internal sealed partial class Partition
{
    [MethodImpl(HotPath.Options)]
    private void Count(FlowSession session, in PacketView packet, PacketBatch batch)
    {
        ref readonly PacketRecord record = ref packet.Record;
        session.LastNs = record.TimestampNs;
        if (record.Owned == 0)
            CountOne(session, batch.Source!, record.SourceOffset, record.CapturedLength, record.OriginalLength);
        else
            CountFragments(session, in record, batch);
        if (session.State == FlowState.New && session.Packets.Client > 0 && session.Packets.Server > 0)
            Enter(session, FlowState.Established);
        PacketFields.Add(session, in packet, _fields);
    }

    private void CountOne(FlowSession session, PacketSource source, long offset, int captured, int original)
    {
        _packets++;
        session.Packets.Add(session.PacketSide, 1);
        CountBytes(session, source, offset, captured, original);
    }

    [MethodImpl(HotPath.Options)]
    private void CountBytes(FlowSession session, PacketSource source, long offset, int captured, int original)
    {
        session.Bytes.Add(session.PacketSide, original);
        if (_countAsArkime && session.Protocol.Type == SessionType.Esp && session.Packets.Sum > ArkimeEspPackets)
            session.StopSaving();
        if (session.SavesPackets)
            session.Positions.Add(_bytes, source, offset, captured + PcapRecordHeader);
    }

    private void CountFragments(FlowSession session, in PacketRecord record, PacketBatch batch)
    {
        ReadOnlySpan<FragmentPacket> packets = batch.Owned.PacketsOf(in record);
        if (_countAsArkime)
        {
            // Arkime knows one packet, as long as the datagram; the others are in the ledger all the same.
            CountOne(session, batch.Source!, record.SourceOffset, record.CapturedLength, record.OriginalLength);
            _packets += packets.Length - 1;
            session.UncountedPackets += packets.Length - 1;
            return;
        }
        // A datagram is one packet, however it was cut; each fragment's bytes and place are the session's.
        _packets += packets.Length;
        session.UncountedPackets += packets.Length - 1;
        session.Packets.Add(session.PacketSide, 1);
        foreach (ref readonly FragmentPacket packet in packets)
            CountBytes(session, packet.Source, packet.SourceOffset, packet.CapturedLength, packet.OriginalLength);
    }
}
