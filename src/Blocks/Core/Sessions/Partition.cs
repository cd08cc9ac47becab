using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Owns the sessions of one partition: looks them up, runs the hooks on each packet, ends them in packet time. All of it runs inside one
/// block's delegate, so there is no lock. It stops where its outbox is full, and goes on there when the block has sent the batch.
/// </summary>
internal sealed class Partition
{
    private readonly SessionSettings _settings;
    private readonly Tracking _tracking;
    private readonly MProtocol[] _protocols;
    private readonly CoreFields _fields;
    private readonly SpiOutbox _outbox;
    private readonly RecordBuilder _records;
    private readonly SourceTable _sources = new();
    private readonly BytePool _bytes = new();
    private readonly FlowTable _table = new();
    private readonly TimeoutWheel _wheel = new();
    private readonly ParserRuntime _parsers;
    private readonly SessionPool _pool;
    private readonly int _maxSessions;
    private readonly bool _countAsArkime;
    private readonly long[] _timeouts;
    private readonly long[] _byReason = new long[Enum.GetValues<EndReason>().Length];
    private int _lastSource = -1;
    private long _packets;
    private long _recordPackets;
    private long _created;
    private long _recordCount;
    private long _recordBytes;
    private readonly long[] _byState = new long[Enum.GetValues<FlowState>().Length];

    public Partition(PartitionSetup setup, SpiOutbox outbox)
    {
        _settings = setup.Sessions;
        _tracking = setup.Tracking;
        _protocols = setup.Protocols;
        _fields = setup.Fields;
        _outbox = outbox;
        _records = new RecordBuilder(setup.Fields, setup.Records, (ushort)setup.Sessions.CommunityIdSeed, setup.Forms, _sources);
        _parsers = new ParserRuntime(setup.Parsers, setup.Faults, _bytes, setup.Sessions.ReassemblyMemcap / setup.Partitions);
        _pool = new SessionPool(setup.Fields, _bytes);
        _maxSessions = Math.Max(1, setup.Sessions.MaxStreams / setup.Partitions);
        _timeouts = Timeouts(setup.Sessions);
        _countAsArkime = setup.Records.ArkimeQuirks;
    }

    /// <summary>Takes packets from <paramref name="from"/> on.</summary>
    /// <returns>The first packet not taken; the slice's length when all were.</returns>
    public int Process(PartitionSlice slice, int from)
    {
        PacketBatch batch = slice.Batch;
        ReadOnlySpan<PacketRecord> records = slice.Records;
        if (batch.Source!.Number != _lastSource)
        {
            _sources.Add(batch.Source);
            _lastSource = batch.Source.Number;
        }
        for (int i = from; i < records.Length; i++)
        {
            ref readonly PacketRecord record = ref records[i];
            if (_outbox.IsFull)
                return i;
            if (record.ClockNs >= _wheel.DueNs && !RunTimeouts(record.ClockNs))
                return i;
            OnPacket(batch, in record);
        }
        return records.Length;
    }

    /// <summary>Ends what is over at this clock.</summary>
    /// <returns>False when the outbox was full first: call again once it has been sent.</returns>
    public bool RunTimeouts(long clockNs)
    {
        while (!_outbox.IsFull)
        {
            if (_wheel.NextExpired(clockNs) is not { } session)
                return true;
            End(session, OverReason(session));
        }
        return false;
    }

    /// <summary>
    /// Ends everything, because the run or the clock ends here. What is over by now says so, though the wheel may not have come to it yet:
    /// it looks at a session in whole seconds, and when depends on the packets of others.
    /// </summary>
    /// <param name="clockNs">The final clock.</param>
    /// <returns>False when the outbox was full first: call again once it has been sent.</returns>
    public bool EndAll(long clockNs)
    {
        while (!_outbox.IsFull)
        {
            if (_wheel.TakeSoonest() is not { } session)
            {
                _wheel.Restart();
                return true;
            }
            End(session, session.Closing || session.DeadlineNs < clockNs ? OverReason(session) : EndReason.Shutdown);
        }
        return false;
    }

    /// <summary>The counters as they stand.</summary>
    public SessionCounts Counts() =>
        new()
        {
            Packets = _packets,
            RecordPackets = _recordPackets,
            OpenPackets = _packets - _recordPackets,
            Created = _created,
            Open = _table.Count,
            ByState = [.. _byState],
            Spare = _pool.Spare,
            Recycled = _pool.Recycled,
            TableCapacity = _table.Capacity,
            PooledBytes = _bytes.Lent,
            ParserFaults = _parsers.FaultCount,
            HeldBytes = _parsers.Segments.Bytes,
            TcpGaps = _parsers.Segments.Gaps,
            Records = _recordCount,
            RecordBytes = _recordBytes,
            ByReason = [.. _byReason],
        };

    private void OnPacket(PacketBatch batch, in PacketRecord record)
    {
        var packet = new PacketView(in record, batch.Frame(in record));
        MProtocol protocol = _protocols[record.MProtocol];
        protocol.CreateSessionId(in packet, in _tracking, out SessionId id);
        long nowNs = Math.Max(record.ClockNs, record.TimestampNs);

        FlowSession? session = _table.Find(record.Hash, in id);
        if (session is not null && nowNs > session.DeadlineNs)
        {
            End(session, OverReason(session));
            session = null;
        }
        bool isNew = session is null;
        session ??= Begin(protocol, in id, in record, batch, nowNs);
        if (protocol.PreProcess(session, in packet, isNew) == PreProcess.CloseAndRestart)
        {
            End(session, EndReason.Reuse);
            session = Begin(protocol, in id, in record, batch, nowNs);
            protocol.PreProcess(session, in packet, isNew: true);
        }
        if (session.SaveAtNs != 0 && nowNs > session.SaveAtNs && !session.Closing)
            SaveAndGoOn(session, EndReason.Saved, nowNs);

        Count(session, in packet, batch);
        bool wasClosing = session.Closing;
        protocol.Process(session, in packet);
        if (session.Closing != wasClosing)
            StartClosing(session, nowNs);
        else if (!session.Closing)
            session.LastNowNs = nowNs;
        if (session.Packets.Sum >= _settings.MaxPackets || session.Positions.IsFull)
            SaveAndGoOn(session, EndReason.MaxPackets, nowNs);
    }

    private FlowSession Begin(MProtocol protocol, in SessionId id, in PacketRecord record, PacketBatch batch, long nowNs)
    {
        if (_table.Count >= _maxSessions && _wheel.TakeSoonest() is { } oldest)
            End(oldest, EndReason.Forced);
        FlowSession session = _pool.Take();
        session.Id = id;
        session.Hash = record.Hash;
        session.Protocol = protocol;
        session.Parsing = _parsers;
        session.BeganNs = record.TimestampNs;
        session.BeganOffset = record.SourceOffset;
        session.BeganSource = batch.Source!;
        if (record.Owned != 0 && !_countAsArkime)
        {
            // The datagram's first packet, which may have come in another batch.
            ref readonly FragmentPacket first = ref batch.Owned.PacketsOf(in record)[0];
            session.BeganNs = first.TimestampNs;
            session.BeganOffset = first.SourceOffset;
            session.BeganSource = first.Source;
        }
        session.EtherType = record.EtherType;
        session.LastNowNs = nowNs;
        session.TimeoutNs = protocol.IdleTimeout > 0 ? Nanoseconds(protocol.IdleTimeout) : _timeouts[(int)protocol.Type];
        if (session.IsTcp)
            session.SaveAtNs = nowNs + Nanoseconds(_settings.TcpSaveTimeout);
        _table.Add(session);
        _wheel.Add(session);
        _created++;
        _byState[(int)FlowState.New]++;
        return session;
    }

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
        session.Bytes.Add(session.PacketSide, original);
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
        foreach (ref readonly FragmentPacket packet in packets)
            CountOne(session, packet.Source, packet.SourceOffset, packet.CapturedLength, packet.OriginalLength);
    }

    private void Enter(FlowSession session, FlowState state)
    {
        _byState[(int)session.State]--;
        session.State = state;
        _byState[(int)state]++;
    }

    private void StartClosing(FlowSession session, long nowNs)
    {
        // From here the deadline is fixed: stragglers belong to the session and do not keep it open.
        session.LastNowNs = nowNs;
        session.TimeoutNs = Nanoseconds(_settings.TcpClosingTimeout);
        _wheel.Move(session);
        Enter(session, FlowState.Closed);
    }

    private void SaveAndGoOn(FlowSession session, EndReason reason, long nowNs)
    {
        // A record that was full with the packet before is not yet begun: there is nothing to save of it.
        if (session.Packets.Sum > 0)
        {
            session.Protocol.MidSave(session);
            Save(session, reason, final: false);
            session.StartSegment();
        }
        if (session.IsTcp && !session.Closing)
            session.SaveAtNs = nowNs + Nanoseconds(_settings.TcpSaveTimeout);
    }

    private void End(FlowSession session, EndReason reason)
    {
        _wheel.Remove(session);
        _table.Remove(session);
        _byState[(int)session.State]--;
        // A session whose record was saved with its last packet has nothing more to say.
        if (session.Packets.Sum > 0)
            Save(session, reason, final: true);
        session.Protocol.Free(session);
        _pool.Return(session);
    }

    private void Save(FlowSession session, EndReason reason, bool final)
    {
        _parsers.Save(session, final);
        SpiBatch batch = _outbox.Current;
        int before = batch.AvroLength + batch.JsonLength;
        _records.Build(session, reason, final, batch);
        _outbox.Added(batch);
        _recordBytes += batch.AvroLength + batch.JsonLength - before;
        _recordPackets += session.Packets.Sum + session.UncountedPackets;
        _recordCount++;
        _byReason[(int)reason]++;
    }

    private const int PcapRecordHeader = 16;

    private static EndReason OverReason(FlowSession session) => session.Closing ? session.ClosingReason : EndReason.Timeout;

    private static long Nanoseconds(int seconds) => seconds * 1_000_000_000L;

    private static long[] Timeouts(SessionSettings settings)
    {
        var timeouts = new long[Enum.GetValues<SessionType>().Length];
        timeouts[(int)SessionType.Tcp] = Nanoseconds(settings.TcpTimeout);
        timeouts[(int)SessionType.Udp] = Nanoseconds(settings.UdpTimeout);
        timeouts[(int)SessionType.Icmp] = Nanoseconds(settings.IcmpTimeout);
        timeouts[(int)SessionType.Sctp] = Nanoseconds(settings.SctpTimeout);
        timeouts[(int)SessionType.Esp] = Nanoseconds(settings.EspTimeout);
        timeouts[(int)SessionType.Other] = Nanoseconds(settings.OtherTimeout);
        return timeouts;
    }
}
