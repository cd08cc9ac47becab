using System.Runtime.CompilerServices;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>
/// The parsers of one partition: classifies what its sessions begin with, hands data round, keeps parsers that are not in use. A parser that
/// throws is taken off its session, counted, and said once (DESIGN law 4).
/// </summary>
internal sealed class ParserRuntime
{
    /// <summary>Parsers that may be at work on one session.</summary>
    public const int MostParsers = 32;

    /// <summary>Protocols inside protocols that one piece of data may open.</summary>
    private const int MostDepth = 8;

    private const int MostSpare = 256;
    private readonly ParserTables _tables;
    private readonly PluginFaults _faults;
    private readonly PluginSaveHook[] _saveHooks;
    private readonly PluginEntry[] _protocols; // whose they are, by number
    private readonly Dictionary<string, SubParser> _subs;
    private readonly Stack<SessionParser>[] _spare;
    private readonly byte[][] _faultTags;

    // The data that is being handed round, for a parser that hands on a part of it
    private long _timestampNs;
    private bool _end;
    private Side _side;

    public ParserRuntime(ParserTables tables, PluginFaults faults, BytePool pool, long reassemblyMemcap)
    {
        Segments = new SegmentStore(pool, reassemblyMemcap);
        _tables = tables;
        _faults = faults;
        Pool = pool;
        Plugins = new PluginCounts(tables.Plugins);
        _protocols = tables.Plugins.Protocols;
        FirstGuarded = faults.Stop ? int.MaxValue : PluginTable.CoreProtocols;
        _saveHooks = tables.Plugins.SaveHooks;
        _subs = tables.CreateSubs(faults, Plugins);
        _spare = new Stack<SessionParser>[tables.Kinds.Count];
        _faultTags = new byte[tables.Kinds.Count][];
        for (int kind = 0; kind < _spare.Length; kind++)
        {
            _spare[kind] = new Stack<SessionParser>();
            _faultTags[kind] = Encoding.UTF8.GetBytes("parser-fault:" + tables.Kinds[kind].Name);
        }
    }

    public BytePool Pool { get; }

    /// <summary>Segments that came too early.</summary>
    public SegmentStore Segments { get; }

    /// <summary>What plugins have counted here, and how often they threw.</summary>
    public PluginCounts Plugins { get; }

    /// <summary>Protocols from this number on are plugins', and may throw; none where exceptions end the run.</summary>
    public int FirstGuarded { get; }

    /// <summary>Parsers ready for use.</summary>
    public int Spare
    {
        get
        {
            int spare = 0;
            foreach (Stack<SessionParser> kind in _spare)
                spare += kind.Count;
            return spare;
        }
    }

    public SubParser? Sub(string name) => _subs.GetValueOrDefault(name);

    /// <summary>Whether anybody looks at the data of a side: if not, nothing of it need be kept.</summary>
    public bool Wants(FlowSession session, Side side)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        if (parsers.Off)
            return false;
        if (!parsers.IsClassified(side) && _tables.Of(session.Protocol.Type) is { IsEmpty: false })
            return true;
        for (int i = 0; i < parsers.Count; i++)
        {
            ref ActiveParser slot = ref parsers.Slots![i];
            if (slot.Parser is not null && !slot.IsDone(side))
                return true;
        }
        return false;
    }

    /// <summary>Classifies data where it is the first of its side, and hands it to the session's parsers.</summary>
    [MethodImpl(HotPath.Options)]
    public void Deliver(FlowSession session, in StreamData data)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        bool classified = parsers.IsClassified(data.Side) || data.Bytes.Length == 0;
        if ((classified && parsers.Wanting == 0) || parsers.Off)
            return;
        (long timestampNs, bool end, Side side) = (_timestampNs, _end, _side);
        (_timestampNs, _end, _side) = (data.TimestampNs, data.End, data.Side);
        if (!classified)
            Classify(session, data.Side, data.Bytes);
        HandRound(session, in data, 0);
        (_timestampNs, _end, _side) = (timestampNs, end, side);
    }

    /// <summary>The parser in hand leaves; what follows is another protocol.</summary>
    public void ClassifyAnew(FlowSession session, Side side, ReadOnlySpan<byte> bytes)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        if (parsers.Current > 0)
            parsers.Slots![parsers.Current - 1].Leaving = true;
        parsers.ClientClassified = parsers.ServerClassified = false;
        if (bytes.Length == 0 || parsers.Off)
            return;
        if (parsers.Depth >= MostDepth)
        {
            parsers.Off = true;
            return;
        }
        int first = parsers.Count;
        Classify(session, side, bytes);
        HandRound(session, new StreamData(side, bytes, _timestampNs) { End = _end && side == _side }, first);
    }

    public T? Add<T>(FlowSession session, ParserKind<T> kind)
        where T : SessionParser
    {
        if (Find(session, kind) is { } there)
            return there;
        ref ActiveParsers parsers = ref session.Parsers;
        if (parsers.Count >= MostParsers || parsers.Off)
            return null;
        if (!_spare[kind.Number].TryPop(out SessionParser? parser))
            parser = kind.Create();
        if (parsers.Slots is null || parsers.Slots.Length == parsers.Count)
            Array.Resize(ref parsers.Slots, Math.Max(2, 2 * parsers.Count));
        parsers.Slots[parsers.Count++] = new ActiveParser { Parser = parser, Kind = kind.Number };
        parsers.Wanting++;
        return (T)parser;
    }

    public static T? Find<T>(FlowSession session, ParserKind<T> kind)
        where T : SessionParser
    {
        ref ActiveParsers parsers = ref session.Parsers;
        for (int i = 0; i < parsers.Count; i++)
        {
            ref ActiveParser slot = ref parsers.Slots![i];
            if (slot.Kind == kind.Number && slot is { Parser: T parser, Leaving: false })
                return parser;
        }
        return null;
    }

    public static bool Has(FlowSession session, ParserKind kind)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        for (int i = 0; i < parsers.Count; i++)
        {
            ref ActiveParser slot = ref parsers.Slots![i];
            if (slot.Kind == kind.Number && slot is { Parser: not null, Leaving: false })
                return true;
        }
        return false;
    }

    /// <summary>
    /// Before a record is made: parsers and then save hooks add their last. Before the last record, the protocol hands on what it still held.
    /// </summary>
    public void Save(FlowSession session, bool final)
    {
        if (final && !session.ProtocolFailed)
            Finish(session);
        ref ActiveParsers parsers = ref session.Parsers;
        for (int i = 0; i < parsers.Count; i++)
        {
            if (parsers.Slots![i].Parser is not { } parser)
                continue;
            int open = session.Fields.OpenRecords;
            try
            {
                parser.Save(session, final);
                session.RequireOpenRecords(open);
            }
            catch (Exception e) when (!_faults.Stop)
            {
                OnFault(session, parsers.Slots[i].Kind, open, e);
                Remove(session, i);
            }
        }
        foreach (PluginSaveHook hook in _saveHooks)
            Call(session, final, in hook);
    }

    private void Finish(FlowSession session)
    {
        try
        {
            session.Protocol.Finish(session);
            session.RequireOpenRecords(0);
        }
        catch (Exception e) when (session.Protocol.Number >= FirstGuarded)
        {
            OnProtocolFault(session, "Finish", "the record is made without it", e);
        }
    }

    private void Call(FlowSession session, bool final, in PluginSaveHook hook)
    {
        int open = session.Fields.OpenRecords;
        try
        {
            hook.Hook(session, final);
            session.RequireOpenRecords(open);
        }
        catch (Exception e) when (!_faults.Stop)
        {
            OnFault(session, hook.Plugin, "its save hook", "the record is made without it", open, e);
        }
    }

    /// <summary>Takes all parsers off the session, which is about to be recycled.</summary>
    public void Free(FlowSession session)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        for (int i = 0; i < parsers.Count; i++)
            Remove(session, i);
        parsers = new ActiveParsers { Slots = parsers.Slots };
    }

    private void Classify(FlowSession session, Side side, ReadOnlySpan<byte> bytes)
    {
        session.Parsers.SetClassified(side, true);
        if (_tables.Of(session.Protocol.Type) is { IsEmpty: false } table)
            table.Classify(session, side, bytes);
    }

    /// <summary>Calls the parsers from a slot on. One that is started meanwhile by another parser gets what follows, not this.</summary>
    [MethodImpl(HotPath.Options)]
    private void HandRound(FlowSession session, in StreamData data, int first)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        int count = parsers.Count;
        parsers.Depth++;
        for (int i = first; i < count; i++)
            Call(session, i, in data);
        parsers.Depth--;
        if (parsers.Depth == 0 && parsers.Wanting != parsers.Count)
            Compact(ref parsers);
    }

    [MethodImpl(HotPath.Options)]
    private void Call(FlowSession session, int index, in StreamData data)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        if (parsers.Slots![index] is not { Parser: { } parser, Leaving: false } before || before.IsDone(data.Side))
            return;
        if (data.End && !parsers.Slots[index].TellEnd(data.Side))
            return;
        byte outer = parsers.Current;
        parsers.Current = (byte)(index + 1);
        int open = session.Fields.OpenRecords;
        Parsed result;
        try
        {
            result = parser.Parse(session, in data);
            session.RequireOpenRecords(open);
        }
        catch (Exception e) when (!_faults.Stop)
        {
            OnFault(session, before.Kind, open, e);
            result = Parsed.Unregister;
        }
        parsers.Current = outer;
        ref ActiveParser slot = ref parsers.Slots[index];
        if (result == Parsed.SideDone)
            slot.SetDone(data.Side);
        if (result == Parsed.Unregister || slot.Leaving || (slot.ClientDone && slot.ServerDone))
            Remove(session, index);
    }

    /// <summary>A plugin threw over a session: what it had begun of the record is dropped, the rest stays.</summary>
    /// <param name="session">The session.</param>
    /// <param name="plugin">The plugin.</param>
    /// <param name="what">What threw.</param>
    /// <param name="consequence">What becomes of it.</param>
    /// <param name="open">Records that were open before.</param>
    /// <param name="fault">What it threw.</param>
    public void OnFault(FlowSession session, PluginEntry plugin, string what, string consequence, int open, Exception fault)
    {
        Plugins.AddFault(plugin);
        session.Fields.AbandonRecords(open);
        AddTag(session, plugin.FaultTag);
        _faults.Say(plugin, what, consequence, fault);
    }

    /// <summary>A protocol of a plugin threw over a session: it is not shown its packets any more.</summary>
    public void OnProtocolFault(FlowSession session, string call, string consequence, Exception fault)
    {
        session.ProtocolFailed = true;
        PluginEntry plugin = _protocols[session.Protocol.Number];
        OnFault(session, plugin, $"protocol {session.Protocol.Name} ({call})", consequence, open: 0, fault);
    }

    /// <summary>A protocol of a plugin threw over a packet that has no session yet.</summary>
    public void OnKeyFault(MProtocol protocol, string consequence, Exception fault)
    {
        Plugins.AddFault(_protocols[protocol.Number]);
        _faults.Say(_protocols[protocol.Number], $"protocol {protocol.Name} (CreateSessionId)", consequence, fault);
    }

    private void OnFault(FlowSession session, int kind, int open, Exception fault)
    {
        Plugins.AddFault(_tables.Owners[kind]);
        session.Fields.AbandonRecords(open);
        AddTag(session, _faultTags[kind]);
        _faults.Say(_tables.Owners[kind], "parser " + _tables.Kinds[kind].Name, "it was taken off the session", fault);
    }

    // Where another's record is open there is no place for a tag.
    private static void AddTag(FlowSession session, byte[] tag)
    {
        if (session.Fields.OpenRecords == 0)
            session.AddTag(tag);
    }

    private void Remove(FlowSession session, int index)
    {
        ref ActiveParsers parsers = ref session.Parsers;
        if (parsers.Slots![index].Parser is not { } parser)
            return;
        int kind = parsers.Slots[index].Kind;
        parsers.Slots[index] = default;
        parsers.Wanting--;
        int open = session.Fields.OpenRecords;
        try
        {
            parser.Free(session);
            session.RequireOpenRecords(open);
        }
        catch (Exception e) when (!_faults.Stop)
        {
            // What it may still hold makes it no good for another session.
            OnFault(session, kind, open, e);
            return;
        }
        if (_spare[kind].Count < MostSpare)
            _spare[kind].Push(parser);
    }

    private static void Compact(ref ActiveParsers parsers)
    {
        byte kept = 0;
        for (int i = 0; i < parsers.Count; i++)
        {
            ActiveParser slot = parsers.Slots![i];
            parsers.Slots[i] = default;
            if (slot.Parser is not null)
                parsers.Slots[kept++] = slot;
        }
        parsers.Count = kept;
    }
}
