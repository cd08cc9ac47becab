using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue;

/// <summary>
/// What is registered for each layer: callbacks by link type, Ethernet type and IP protocol, and the protocols that make sessions. Frozen
/// before the first packet.
/// </summary>
public sealed partial class LayerTables : IRegistrar
{
    private readonly FieldDictionary _dictionary;
    private readonly EnqueueCallback?[] _links = new EnqueueCallback?[1024];
    private readonly EnqueueCallback?[] _ethernet = new EnqueueCallback?[65_536];
    private readonly EnqueueCallback?[] _ip = new EnqueueCallback?[256];
    private readonly List<MProtocol> _protocols = [];

    internal LayerTables(FieldDictionary dictionary, IReadOnlyDictionary<string, string>? settings = null)
    {
        _dictionary = dictionary;
        Settings = new ParserSettings(settings ?? new Dictionary<string, string>(StringComparer.Ordinal));
    }

    /// <summary>The protocols that make sessions, by number.</summary>
    public MProtocol[] Protocols => [.. _protocols];

    /// <inheritdoc/>
    public SpiField Field(string name) => _dictionary[name];

    /// <inheritdoc/>
    public byte Register(MProtocol protocol)
    {
        foreach (MProtocol other in _protocols)
        {
            if (other.Name == protocol.Name)
                throw new FlowPipeException($"protocol '{protocol.Name}' is registered twice: rename one of the two plugins' protocols");
        }
        if (protocol.NameUtf8.Length is 0 or > MProtocol.LongestName)
            throw new FlowPipeException($"protocol '{protocol.Name}': a name has 1 to {MProtocol.LongestName} bytes; rename it");
        if (_protocols.Count > byte.MaxValue)
            throw new FlowPipeException(
                $"protocol '{protocol.Name}' is one too many: there is room for {byte.MaxValue + 1}; remove a plugin"
            );
        protocol.AssignNumber((byte)_protocols.Count);
        _protocols.Add(protocol);
        return protocol.Number;
    }

    /// <inheritdoc/>
    public void Link(int linkType, EnqueueCallback callback) => Set(_links, linkType, callback, "link type");

    /// <inheritdoc/>
    public void Ethernet(ushort etherType, EnqueueCallback callback) => Set(_ethernet, etherType, callback, "Ethernet type");

    /// <inheritdoc/>
    public void Ip(byte ipProtocol, EnqueueCallback callback)
    {
        if (ipProtocol is PacketDecoder.Tcp or PacketDecoder.Udp)
            throw new FlowPipeException($"IP protocol {ipProtocol} is FlowPipe's own: a plugin can't take TCP or UDP; remove it");
        Set(_ip, ipProtocol, callback, "IP protocol");
    }

    internal EnqueueCallback? OfLink(int linkType) => (uint)linkType < (uint)_links.Length ? _links[linkType] : null;

    internal EnqueueCallback? OfEthernet(ushort etherType) => _ethernet[etherType];

    internal EnqueueCallback? OfIp(byte ipProtocol) => _ip[ipProtocol];

    private static void Set(EnqueueCallback?[] table, int index, EnqueueCallback callback, string what)
    {
        if ((uint)index >= (uint)table.Length)
            throw new FlowPipeException($"{what} {index} is out of range: the greatest is {table.Length - 1}");
        if (table[index] is not null)
            throw new FlowPipeException($"{what} {index} is registered twice: remove one of the two plugins");
        table[index] = callback;
    }
}
