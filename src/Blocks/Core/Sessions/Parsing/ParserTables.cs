using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>What parsers have registered; frozen before the first packet and shared by all partitions.</summary>
public sealed class ParserTables
{
    private readonly FieldDictionary _dictionary;
    private readonly List<ParserKind> _kinds = [];
    private readonly Dictionary<string, CustomField> _defined = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<SubParser>> _subs = new(StringComparer.Ordinal);
    private readonly ClassifierTable _tcp = new();
    private readonly ClassifierTable _udp = new();
    private readonly ClassifierTable _sctp = new();

    internal ParserTables(FieldDictionary dictionary) => _dictionary = dictionary;

    /// <summary>The kinds of parsers, by number.</summary>
    public IReadOnlyList<ParserKind> Kinds => _kinds;

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
        return kind;
    }

    internal void Sub(string name, Func<SubParser> create)
    {
        if (!_subs.TryAdd(name, create))
            throw new FlowPipeException($"sub-parser '{name}' is registered twice: rename one of the two plugins' sub-parsers");
    }

    internal void Prefix(SessionType type, string name, int offset, ReadOnlySpan<byte> match, Classifier? classify)
    {
        if (offset < 0)
            throw new FlowPipeException($"classifier '{name}' has the offset {offset}: it must not be negative");
        Of(type)!.Add(offset, match, classify ?? Naming(name));
    }

    internal void Port(string name, SessionType type, ushort port, Side? side, Classifier? classify)
    {
        if (Of(type) is not { } table)
            throw new FlowPipeException($"classifier '{name}' is for a port of {type}: only TCP, UDP and SCTP have ports");
        table.AddPort(port, side, classify ?? Naming(name));
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

    internal Dictionary<string, SubParser> CreateSubs()
    {
        var subs = new Dictionary<string, SubParser>(StringComparer.Ordinal);
        foreach ((string name, Func<SubParser> create) in _subs)
            subs.Add(name, create());
        return subs;
    }

    private static Classifier Naming(string name)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        return (session, _, _) => session.AddProtocol(utf8);
    }
}
