using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Writing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Owns the sessions of one partition: looks them up, runs the hooks on each packet, ends them in packet time. All of it runs inside one
/// block's delegate, so there is no lock. It stops where its outbox is full, and goes on there when the block has sent the batch.
/// </summary>
internal sealed partial class Partition
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
    private readonly FlowTimeouts _timeouts;
    private readonly TimeoutWheel _wheel;
    private readonly ArkimeTimeouts? _asArkime; // instead of the wheel, but where limits are reached
    private readonly ParserRuntime _parsers;
    private readonly SessionPool _pool;
    private readonly bool _countAsArkime;
    private readonly SessionLimits _limits;
    private readonly FaultSwitch[] _faults;
    private readonly long[] _byReason = new long[Enum.GetValues<EndReason>().Length];
    private readonly OverloadControl? _overload;
    private readonly PluginFaults _pluginFaults;
    private readonly int _firstGuarded; // protocols from this number on are plugins'
    private long _failed; // packets that a plugin's protocol threw over
    private readonly PcapAppender? _appender;
    private long _unsaved; // packets that the writer could not take
    private long _refused; // packets of sessions that were not begun under overload
    private bool _attend; // a limit is reached, or was: see to it before the next packet
    private long _faultDone; // packet at which a fault was simulated last
    private long _valueBytes; // what the values of open sessions take
    private long _evicted;
    private long _endedEarly;
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
        _countAsArkime = setup.Records.ArkimeQuirks;
        _timeouts = new FlowTimeouts(setup.Sessions, setup.Protocols);
        _wheel = new TimeoutWheel(_timeouts);
        _asArkime = setup.Sessions.ArkimeTimeouts ? new ArkimeTimeouts(setup.Sessions, setup.Protocols.Length) : null;
        _pool = new SessionPool(setup.Fields, _bytes, _sources, (setup.Sessions.Prealloc + setup.Partitions - 1) / setup.Partitions);
        _limits = new SessionLimits(setup.Sessions, setup.Partitions);
        _faults = [.. setup.Sessions.Simulate];
        _attend = _faults.Length > 0;
        _overload = setup.Overload;
        _pluginFaults = setup.Faults;
        _firstGuarded = _parsers.FirstGuarded;
        _appender = setup.Appender;
    }

    /// <summary>What was lost on the way here so far.</summary>
    public LostPackets Lost { get; set; }

    /// <summary>What plugins have counted here.</summary>
    public PluginCounts Plugins => _parsers.Plugins;

    private LostPackets LostInAll => Lost with { Shed = Lost.Shed + _refused };

    /// <summary>What open sessions take: themselves, their values, positions and places in the table.</summary>
    private long MemoryBytes => _table.MemoryBytes + _pool.InUseBytes + _valueBytes + _bytes.LentMemory;

    /// <summary>Takes packets from <paramref name="from"/> on.</summary>
    /// <returns>The first packet not taken; the slice's length when all were.</returns>
    [MethodImpl(HotPath.Options)]
    public int Process(PartitionSlice slice, int from)
    {
        PacketBatch batch = slice.Batch;
        ReadOnlySpan<PacketRecord> records = slice.Records;
        Lost = batch.Lost;
        for (int i = from; i < records.Length; i++)
        {
            ref readonly PacketRecord record = ref records[i];
            if (_outbox.IsFull || _appender is { HasReady: true })
                return i;
            if (_asArkime is not null ? !RunAsArkime() : record.ClockNs >= _wheel.DueNs && !RunTimeouts(record.ClockNs))
                return i;
            if (_attend && !MakeRoom(batch, in record))
                return i;
            OnPacket(batch, in record);
        }
        return records.Length;
    }

    /// <summary>Ends what is over at this clock.</summary>
    /// <param name="clockNs">The clock.</param>
    /// <param name="exact">Also what became over in the second that is passing.</param>
    /// <returns>False when the outbox was full first: call again once it has been sent.</returns>
    public bool RunTimeouts(long clockNs, bool exact = false)
    {
        if (_asArkime is not null && !exact)
            return RunAsArkime();
        while (!_outbox.IsFull)
        {
            if (_wheel.NextExpired(clockNs, exact) is not { } session)
                return true;
            EndOver(session, clockNs);
        }
        return false;
    }

    private bool RunAsArkime()
    {
        while (!_outbox.IsFull)
        {
            if (_asArkime!.Next(_wheel.TimeoutsNs, out bool save) is not { } session)
                return true;
            if (save)
                SaveAndGoOn(session, EndReason.Saved, _asArkime.SecondOfPacketNs);
            else
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
            if (_wheel.TakeLeastRecent() is not { } session)
            {
                LeaveEmergency();
                _wheel.Restart();
                return true;
            }
            if (session.Closing || _wheel.DeadlineNs(session) < clockNs)
                EndOver(session, clockNs);
            else
                End(session, EndReason.Shutdown);
        }
        return false;
    }

    /// <summary>Does to a session what another thread has asked for. Makes one record at most, for which the outbox must have room.</summary>
    public void Execute(SessionCommand command)
    {
        SessionId id = command.Session.Id;
        FlowSession? session = _table.Find(id.Hash(_tracking.Salt), in id);
        // A generation that is not this session's means another that had the same key.
        if (session is null || (command.Session.Generation != SessionRef.Any && command.Session.Generation != session.Number))
        {
            command.Reply(null);
            return;
        }
        bool close = command.Action == SessionAction.Close;
        if (command.Action == SessionAction.Tag)
            session.AddTag(command.Tag);
        else if (command.Action == SessionAction.StopSaving)
            session.StopSaving();
        else if (command.Action == SessionAction.Work && !TryWork(session, command, out close))
        {
            Account(session);
            command.Reply(null);
            return;
        }
        Account(session);
        command.Reply(
            new SessionInfo
            {
                Session = new SessionRef(id, session.Number),
                State = session.State,
                FirstPacketNs = session.BeganNs,
                LastPacketNs = session.LastNs,
                Segment = session.Segment,
                Packets = session.Packets,
            }
        );
        if (close)
            End(session, EndReason.Forced);
    }

    /// <summary>Says of which source the oldest packet is that is in no record yet.</summary>
    public void Report(Milestone milestone) => milestone.Holds(_table.OldestSource());

    /// <summary>Sources that are held for open sessions, and the newest.</summary>
    public int HeldSources => _sources.Count;

    /// <summary>The counters as they stand.</summary>
    public SessionCounts Counts() =>
        new()
        {
            Packets = _packets,
            Refused = _refused,
            SavedPackets = _appender?.Packets ?? 0,
            UnsavedPackets = _unsaved,
            RecordPackets = _recordPackets,
            OpenPackets = _packets - _recordPackets,
            Created = _created,
            Open = _table.Count,
            ByState = [.. _byState],
            Spare = _pool.Spare,
            Recycled = _pool.Recycled,
            Made = _pool.Made,
            Trimmed = _pool.Trimmed,
            TableCapacity = _table.Capacity,
            PooledBytes = _bytes.Lent,
            MemoryBytes = MemoryBytes,
            PeakMemoryBytes = _limits.PeakBytes,
            InEmergency = _limits.IsEmergency ? 1 : 0,
            Emergencies = _limits.Emergencies,
            Evicted = _evicted,
            EndedEarly = _endedEarly,
            PluginFaults = _parsers.Plugins.Faults,
            Failed = _failed,
            HeldBytes = _parsers.Segments.Bytes,
            TcpGaps = _parsers.Segments.Gaps,
            Records = _recordCount,
            RecordBytes = _recordBytes,
            ByReason = [.. _byReason],
        };

    [MethodImpl(HotPath.Options)]
    private void OnPacket(PacketBatch batch, in PacketRecord record)
    {
        var packet = new PacketView(in record, batch.Frame(in record));
        MProtocol protocol = _protocols[record.MProtocol];
        bool guarded = record.MProtocol >= _firstGuarded;
        if (!TryCreateSessionId(guarded, protocol, in packet, out SessionId id))
        {
            _failed += batch.PacketsOf(in record);
            return;
        }
        long nowNs = _asArkime is null ? Math.Max(record.ClockNs, record.TimestampNs) : record.TimestampNs;

        FlowSession? session = _table.Find(record.Hash, in id);
        if (session is not null && _asArkime is null && nowNs > _wheel.DeadlineNs(session))
        {
            EndOver(session, nowNs);
            session = null;
        }
        bool isNew = session is null;
        if (isNew && _overload is { RefusesNew: true })
        {
            _refused += batch.PacketsOf(in record);
            return;
        }
        session ??= Begin(protocol, in id, in record, batch, nowNs);
        if (!TryPreProcess(guarded, protocol, session, in packet, isNew, out PreProcess result))
        {
            _failed += batch.PacketsOf(in record);
            return;
        }
        if (result == PreProcess.CloseAndRestart)
        {
            End(session, EndReason.Reuse);
            session = Begin(protocol, in id, in record, batch, nowNs);
            if (!TryPreProcess(guarded, protocol, session, in packet, isNew: true, out _))
            {
                _failed += batch.PacketsOf(in record);
                return;
            }
        }
        // A full record waits for the session's next packet, so that whichever is the last can say so.
        if (session.Packets.Sum >= _settings.MaxPackets || session.Positions.IsFull)
            SaveAndGoOn(session, EndReason.MaxPackets, session.LastNowNs);
        if (session.SaveAtNs != 0 && nowNs > session.SaveAtNs && !session.Closing && _asArkime is null)
            SaveAndGoOn(session, EndReason.Saved, nowNs);

        Count(session, in packet, batch, nowNs);
        bool wasClosing = session.Closing;
        Process(guarded, protocol, session, in packet);
        if (session.Closing != wasClosing)
            StartClosing(session, nowNs);
        else if (!session.Closing)
            session.LastNowNs = nowNs;
        _asArkime?.Seen(session, record.TimestampNs);
        if (_bytes.HasLent || session.Fields.MemoryBytes != session.ValueBytes)
            Account(session);
    }

    private FlowSession Begin(MProtocol protocol, in SessionId id, in PacketRecord record, PacketBatch batch, long nowNs)
    {
        FlowSession session = _pool.Take(protocol.Type == SessionType.Tcp);
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
        session.LostBefore = LostInAll;
        session.LastNowNs = nowNs;
        session.TimeoutClass = _timeouts.ClassOf(protocol, FlowState.New);
        session.Number = ++_created;
        if (session.IsTcp)
            session.SaveAtNs = nowNs + FlowTimeouts.Nanoseconds(_settings.TcpSaveTimeout);
        _table.Add(session);
        _wheel.Add(session);
        _byState[(int)FlowState.New]++;
        if (_limits.IsFull(_table.Count))
            _attend = true;
        return session;
    }

    private void Enter(FlowSession session, FlowState state)
    {
        _byState[(int)session.State]--;
        session.State = state;
        _byState[(int)state]++;
        _wheel.Reclass(session, _timeouts.ClassOf(session.Protocol, state));
    }

    private void StartClosing(FlowSession session, long nowNs)
    {
        // From here the deadline is fixed: stragglers belong to the session and do not keep it open.
        session.LastNowNs = nowNs;
        Enter(session, FlowState.Closed);
    }

    private void SaveAndGoOn(FlowSession session, EndReason reason, long nowNs)
    {
        // After a full record the next one is not yet begun: there is nothing to save of it. Arkime saves it all the same.
        if (session.Packets.Sum > 0 || _asArkime is not null)
        {
            MidSave(session);
            Save(session, reason, final: false);
            session.StartSegment(_sources);
            session.LostBefore = LostInAll;
        }
        if (session.IsTcp && !session.Closing)
            session.SaveAtNs = nowNs + FlowTimeouts.Nanoseconds(_settings.TcpSaveTimeout);
        _asArkime?.Saved(session);
    }

    /// <summary>Ends a session that is over, and notes when it is only by the timeouts of emergency mode.</summary>
    private void EndOver(FlowSession session, long nowNs)
    {
        if (_limits.IsEmergency && session.LastNowNs + _timeouts.Normal[session.TimeoutClass] >= nowNs)
            _endedEarly++;
        End(session, OverReason(session));
    }

    private void End(FlowSession session, EndReason reason)
    {
        _asArkime?.Forget(session);
        _wheel.Remove(session);
        _table.Remove(session);
        _byState[(int)session.State]--;
        _valueBytes -= session.ValueBytes;
        Save(session, reason, final: true);
        Free(session);
        _pool.Return(session);
    }

    private void Save(FlowSession session, EndReason reason, bool final)
    {
        _parsers.Save(session, final);
        SpiBatch batch = _outbox.Current;
        int before = batch.AvroLength + batch.JsonLength;
        SpiRecord record = _records.Build(session, reason, final, LostInAll.Since(session.LostBefore), batch);
        record.WrittenFrom = session.WrittenFrom;
        record.WrittenUpTo = session.WrittenUpTo;
        batch.WrittenUpTo = Math.Max(batch.WrittenUpTo, session.WrittenUpTo);
        _outbox.Added(batch);
        _recordBytes += batch.AvroLength + batch.JsonLength - before;
        _recordPackets += session.Packets.Sum + session.UncountedPackets;
        _recordCount++;
        _byReason[(int)reason]++;
    }

    private static EndReason OverReason(FlowSession session) => session.Closing ? session.ClosingReason : EndReason.Timeout;
}
