using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Enqueue.Drops;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Core.Stats;
using FlowPipe.Core.Writing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Makes enqueue and its partitions from what is registered: both must know the same protocols, the same key and the same salt.
/// </summary>
public sealed class SessionStage
{
    /// <summary>Partitions that there may be.</summary>
    public const int MaxPartitions = 128;

    /// <summary>Messages that wait before enqueue and before each partition; slices borrow the reader's blocks, whose number limits memory.</summary>
    public const int QueueCapacity = 64;

    private readonly PartitionSetup _setup;
    private readonly PacketDecoder _decoder;

    /// <param name="plugins">Parsers and plugins, in the order in which they register.</param>
    /// <param name="sessions">How sessions are kept.</param>
    /// <param name="records">What goes into a record.</param>
    /// <param name="forms">What the sinks want.</param>
    /// <param name="partitions">1 to <see cref="MaxPartitions"/>.</param>
    /// <param name="warn">Where errors of parsers are said.</param>
    public SessionStage(
        IReadOnlyList<IFlowPipePlugin> plugins,
        SessionSettings sessions,
        RecordSettings records,
        RecordForms forms,
        int partitions,
        Action<string>? warn = null
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partitions, MaxPartitions);
        if (sessions.ArkimeTimeouts && partitions > 1)
            throw new FlowPipeException(
                $"sessions.arkimeTimeouts needs one partition and there are {partitions}: when a session ends then depends on all packets; set partitions to 1"
            );
        FieldDictionary dictionary = FieldDictionary.Default;
        var faults = new PluginFaults(sessions.StopOnParserFault, warn);
        LayerTables tables = Register(plugins, sessions, dictionary, faults, warn, out byte tcp, out byte udp);
        tables.Parsers.Freeze();
        Tracking tracking = TrackingOf(sessions);
        _setup = new PartitionSetup
        {
            Sessions = sessions,
            Records = records,
            Forms = forms,
            Tracking = tracking,
            Protocols = tables.Protocols,
            Fields = new CoreFields(dictionary, records.ArkimeQuirks),
            Parsers = tables.Parsers,
            Faults = faults,
            Partitions = partitions,
        };
        _decoder = new PacketDecoder(tables, tcp, udp, tracking, sessions);
        Plugins = new PluginFigures(tables.Plugins, faults);
        Tasks = new PluginTasks(tables.Plugins, faults, warn);
    }

    /// <summary>What plugins count, by name.</summary>
    public PluginFigures Plugins { get; }

    /// <summary>What plugins do beside the packets.</summary>
    public PluginTasks Tasks { get; }

    /// <summary>What plugins let their user set.</summary>
    /// <param name="plugins">The plugins.</param>
    /// <param name="warn">Told of those that can't register; what they asked for before is known.</param>
    public static IEnumerable<ParserSetting> ParserSettingsOf(IReadOnlyList<IFlowPipePlugin> plugins, Action<string> warn)
    {
        var tables = new LayerTables(FieldDictionary.Default);
        _ = DisabledOf(tables);
        foreach (IFlowPipePlugin plugin in plugins)
        {
            try
            {
                plugin.Register(tables);
            }
            catch (Exception e)
            {
                warn(CantRegister(plugin, e));
            }
        }
        return tables.Settings.Known;
    }

    /// <summary>
    /// Has all register. What one of them has registered before it threw can't be taken back, so the others begin anew without it: a sensor is not to
    /// stay down for a plugin. Wrong settings of a plugin are the user's to mend, and end the run.
    /// </summary>
    private static LayerTables Register(
        IReadOnlyList<IFlowPipePlugin> plugins,
        SessionSettings sessions,
        FieldDictionary dictionary,
        PluginFaults faults,
        Action<string>? warn,
        out byte tcp,
        out byte udp
    )
    {
        var broken = new HashSet<IFlowPipePlugin>();
        var theirSettings = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (true)
        {
            var tables = new LayerTables(dictionary, sessions.Parsers, faults);
            tcp = tables.Register(new TcpProtocol(sessions));
            udp = tables.Register(new UdpProtocol());
            BuiltInLayers.Register(tables, sessions.OpaqueTunnels);
            HashSet<string> disabled = DisabledOf(tables);
            IFlowPipePlugin? current = null;
            try
            {
                foreach (IFlowPipePlugin plugin in plugins)
                {
                    if (broken.Contains(plugin))
                        continue;
                    current = plugin;
                    string name = plugin.Name;
                    if (disabled.Contains(name))
                        continue;
                    tables.Plugins.Begin(name);
                    plugin.Register(tables);
                }
                current = null;
                tables.Settings.Freeze(theirSettings);
                return tables;
            }
            catch (Exception e)
                when (current is not null && !sessions.StopOnParserFault && e is not FlowPipeException { IsWrongUsage: true })
            {
                broken.Add(current);
                foreach (ParserSetting setting in tables.Settings.Known)
                    theirSettings.Add(setting.Name);
                warn?.Invoke(CantRegister(current, e));
            }
        }
    }

    private static string CantRegister(IFlowPipePlugin plugin, Exception e) =>
        $"plugin {NameOf(plugin)} is not used: it can't register: {e.Message}";

    private static string NameOf(IFlowPipePlugin plugin)
    {
        try
        {
            return plugin.Name;
        }
        catch (Exception)
        {
            return plugin.GetType().FullName!;
        }
    }

    private static HashSet<string> DisabledOf(LayerTables tables) =>
        new(tables.Setting("disableParsers", [], "Names of parsers that are not used"), StringComparer.OrdinalIgnoreCase);

    /// <summary>What its partitions are made of, for whoever runs one without blocks.</summary>
    internal PartitionSetup Setup => _setup;

    /// <summary>What its enqueue block decodes with.</summary>
    internal PacketDecoder Decoder => _decoder;

    /// <summary>Whether and how packets that come again are dropped.</summary>
    public PacketSettings Packets { get; init; } = new();

    /// <summary>Whose packets are dropped; whoever made it may replace the lists at any time.</summary>
    public Snapshot<DropLists> DropLists { get; init; } = new(null);

    /// <summary>What a run over interfaces needs besides; null for one over files.</summary>
    public LiveControl? Live { get; init; }

    /// <summary>Keeps the packets of sessions; null where they stay in what is read.</summary>
    public WriteBlock? Writer
    {
        get;
        init
        {
            field = value;
            _decoder.Fragments.KeepsPackets = value is not null;
        }
    }

    /// <summary>How far apart commit points are.</summary>
    public CommitSettings Commits { get; init; } = new();

    /// <summary>Makes the enqueue block.</summary>
    /// <param name="clock">When counters are wanted.</param>
    /// <param name="sink">Who commits, if someone does.</param>
    public EnqueueBlock CreateEnqueue(StatsClock clock, ICommittingSink? sink = null)
    {
        PacketDedup? dedup = Packets.EnablePacketDedup ? new PacketDedup(Packets, _setup.Tracking) : null;
        CommitPoints? points = sink is null ? null : new CommitPoints(Commits, clock) { Resumed = sink.Checkpoint };
        if (sink is not null)
            sink.OnFull = points!.Ask;
        return new EnqueueBlock(_decoder, new PacketDrops(DropLists, dedup), _setup.Partitions, QueueCapacity, clock, points, Live);
    }

    /// <summary>Makes the session blocks.</summary>
    /// <exception cref="FlowPipeException">The sessions to preallocate can't be had.</exception>
    public SessionBlock[] CreateSessions(StatsClock clock)
    {
        Preallocation.Check(_setup.Sessions);
        var blocks = new SessionBlock[_setup.Partitions];
        try
        {
            for (int partition = 0; partition < blocks.Length; partition++)
            {
                PartitionSetup setup = _setup with { Overload = Live?.Overload, Appender = Writer?.CreateAppender(partition) };
                blocks[partition] = new SessionBlock(partition, setup, QueueCapacity, clock);
            }
        }
        catch (OutOfMemoryException e)
        {
            throw Preallocation.Failed(_setup.Sessions, "there is not so much memory", e);
        }
        Live?.Overload.Watch(() => MostBehind(blocks));
        return blocks;
    }

    private static int MostBehind(SessionBlock[] blocks)
    {
        int most = 0;
        foreach (SessionBlock block in blocks)
            most = Math.Max(most, block.BehindPercent);
        return most;
    }

    /// <summary>Makes what reaches the sessions of these blocks from other threads.</summary>
    public SessionCommands CreateCommands(IReadOnlyList<SessionBlock> blocks) =>
        new(_setup.Protocols, _setup.Tracking, blocks, _setup.Parsers.Plugins.Plugins[0]);

    private static Tracking TrackingOf(SessionSettings sessions)
    {
        string setting = sessions.SessionIdTracking;
        // The salt is random, in tests too: nothing may depend on it but who must give way where there is no room.
        ulong salt = sessions.HashSeed == 0 ? RandomSeed.Next() : (ulong)sessions.HashSeed * 0x9E3779B97F4A7C15;
        bool vlan = setting is "vlan" or "both";
        bool vni = setting is "vni" or "both";
        if (!vlan && !vni && setting != "none")
            throw new FlowPipeException($"sessions.sessionIdTracking is '{setting}': it must be none, vlan, vni or both");
        return new Tracking(vlan, vni, TunnelDepth: true, salt, OuterVlanOnly: sessions.SessionIdVlans == 1);
    }
}
