using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue;

/// <summary>
/// What is registered for each layer: callbacks by link type, Ethernet type and IP protocol, and the protocols that make sessions. Frozen
/// before the first packet.
/// </summary>
public sealed class LayerTables : IRegistrar
{
    private readonly FieldDictionary _dictionary;
    private readonly EnqueueCallback?[] _links = new EnqueueCallback?[1024];
    private readonly EnqueueCallback?[] _ethernet = new EnqueueCallback?[65_536];
    private readonly EnqueueCallback?[] _ip = new EnqueueCallback?[256];
    private readonly EnqueueCallback?[] _llc = new EnqueueCallback?[256];
    private readonly List<MProtocol> _protocols = [];
    private readonly IReadOnlyDictionary<string, string> _settings;

    internal LayerTables(FieldDictionary dictionary, IReadOnlyDictionary<string, string>? settings = null)
    {
        _dictionary = dictionary;
        _settings = settings ?? new Dictionary<string, string>(StringComparer.Ordinal);
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

    /// <inheritdoc/>
    public void Llc(byte sap, EnqueueCallback callback) => Set(_llc, sap & 0xFE, callback, "LLC service access point");

    /// <inheritdoc/>
    public void Unknown(UnknownCallback callback)
    {
        if (OfUnknown is not null)
            throw new FlowPipeException("what becomes of unknown packets is registered twice: remove one of the two plugins");
        OfUnknown = callback;
    }

    /// <inheritdoc/>
    public string Setting(string name) => _settings.TryGetValue(name, out string? value) ? value : "";

    internal UnknownCallback? OfUnknown { get; private set; }

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
