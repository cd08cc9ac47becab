using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>What parsers have registered; frozen before the first packet and shared by all partitions.</summary>
public sealed class ParserTables
{
    private readonly FieldDictionary _dictionary;
    private readonly PluginTable _plugins;
    private readonly bool _guarded;
    private readonly List<ParserKind> _kinds = [];
    private readonly List<PluginEntry> _owners = [];
    private readonly Dictionary<string, CustomField> _defined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SubKind> _subs = new(StringComparer.Ordinal);
    private readonly ClassifierTable _tcp = new();
    private readonly ClassifierTable _udp = new();
    private readonly ClassifierTable _sctp = new();

    /// <param name="dictionary">The fields that there are.</param>
    /// <param name="plugins">Who registers.</param>
    /// <param name="guarded">Whether exceptions out of classifiers and sub-parsers are caught.</param>
    internal ParserTables(FieldDictionary dictionary, PluginTable plugins, bool guarded)
    {
        _dictionary = dictionary;
        _plugins = plugins;
        _guarded = guarded;
    }

    /// <summary>The kinds of parsers, by number.</summary>
    public IReadOnlyList<ParserKind> Kinds => _kinds;

    /// <summary>Whose the kinds are.</summary>
    internal IReadOnlyList<PluginEntry> Owners => _owners;

    /// <summary>The plugins of the run.</summary>
    internal PluginTable Plugins => _plugins;

    /// <summary>The fields that plugins have defined.</summary>
    public IEnumerable<CustomField> Defined => _defined.Values;

    internal CustomField Define(string name, SpiType type, string help)
    {
        if (type is SpiType.RecordSet or SpiType.Map or SpiType.Packed or SpiType.Double or SpiType.Ip or SpiType.IpSet)
            throw new FlowPipeException($"field '{name}' can't be {type}: a plugin's own field is text, an integer or a set of these");
        if (_dictionary.TryGet(name, out _) || _defined.ContainsKey(name))
            throw new FlowPipeException($"field '{name}' is defined twice: rename the plugin's field");
        var field = new CustomField(name, type, help);
        _defined.Add(name, field);
        return field;
    }

    internal ParserKind<T> Parser<T>(string name, Func<T> create)
        where T : SessionParser
    {
        foreach (ParserKind other in _kinds)
        {
            if (other.Name == name)
                throw new FlowPipeException($"parser '{name}' is registered twice: rename one of the two plugins' parsers");
        }
        var kind = new ParserKind<T>(name, _kinds.Count, create);
        _kinds.Add(kind);
        _owners.Add(_plugins.Current);
        return kind;
    }

    internal void Sub(string name, Func<SubParser> create)
    {
        if (!_subs.TryAdd(name, new SubKind(create, _plugins.Current)))
            throw new FlowPipeException($"sub-parser '{name}' is registered twice: rename one of the two plugins' sub-parsers");
    }

    internal void Prefix(SessionType type, string name, int offset, ReadOnlySpan<byte> match, Classifier? classify)
    {
        if (offset < 0)
            throw new FlowPipeException($"classifier '{name}' has the offset {offset}: it must not be negative");
        Of(type)!.Add(offset, match, Guarded(name, classify));
    }

    internal void Port(string name, SessionType type, ushort port, Side? side, Classifier? classify)
    {
        if (Of(type) is not { } table)
            throw new FlowPipeException($"classifier '{name}' is for a port of {type}: only TCP, UDP and SCTP have ports");
        table.AddPort(port, side, Guarded(name, classify));
    }

    internal void Freeze()
    {
        _tcp.Freeze();
        _udp.Freeze();
        _sctp.Freeze();
    }

    /// <summary>The classifiers of a transport; null where it has none.</summary>
    internal ClassifierTable? Of(SessionType type) =>
        type switch
        {
            SessionType.Tcp => _tcp,
            SessionType.Udp => _udp,
            SessionType.Sctp => _sctp,
            _ => null,
        };

    /// <summary>Makes the sub-parsers of a partition, but for those that can't be made.</summary>
    internal Dictionary<string, SubParser> CreateSubs(PluginFaults faults, PluginCounts counts)
    {
        var subs = new Dictionary<string, SubParser>(StringComparer.Ordinal);
        foreach ((string name, (Func<SubParser> create, PluginEntry plugin)) in _subs)
        {
            try
            {
                SubParser parser = create();
                subs.Add(name, _guarded ? new SubParserGuard(parser, name, plugin) : parser);
            }
            catch (Exception e) when (!faults.Stop)
            {
                counts.AddFault(plugin);
                faults.Say(plugin, $"sub-parser {name}", "it is not there", e);
            }
        }
        return subs;
    }

    private Classifier Guarded(string name, Classifier? classify) =>
        classify is null ? Naming(name)
        : _guarded ? new ClassifierGuard(classify, name, _plugins.Current).Run
        : classify;

    private static Classifier Naming(string name)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        return (session, _, _) => session.AddProtocol(utf8);
    }

    private readonly record struct SubKind(Func<SubParser> Create, PluginEntry Plugin);
}
