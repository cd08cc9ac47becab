using FlowPipe.Abstractions;
using FlowPipe.Core.Plugins;
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
    private readonly EnqueueCallback?[] _saps = new EnqueueCallback?[256];
    private readonly Dictionary<ushort, UdpTunnel> _udpTunnels = [];

    // A bit for each port: 8 KiB, which stay in the first cache. Nearly all datagrams end here.
    private readonly ulong[] _udpPorts = new ulong[65_536 / 64];
    private readonly List<MProtocol> _protocols = [];
    private readonly PluginFaults? _faults;

    /// <param name="dictionary">The fields that there are.</param>
    /// <param name="settings">What the user has set for parsers and plugins.</param>
    /// <param name="faults">What is done about exceptions out of callbacks; null, or one that stops, leaves them unguarded.</param>
    internal LayerTables(FieldDictionary dictionary, IReadOnlyDictionary<string, string>? settings = null, PluginFaults? faults = null)
    {
        _dictionary = dictionary;
        _faults = faults is { Stop: false } ? faults : null;
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
        // Asked now, so that one that can't answer is met before the first packet.
        _ = protocol.HasCommunityId;
        if (protocol.IdleTimeout < 0 || protocol.Type > SessionType.Other)
            throw new FlowPipeException(
                $"protocol '{protocol.Name}': its timeout is {protocol.IdleTimeout} s and its type {protocol.Type}; correct what is impossible"
            );
        protocol.AssignNumber((byte)_protocols.Count);
        _protocols.Add(protocol);
        Plugins.AddProtocol();
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
    public void Llc(byte sap, EnqueueCallback callback)
    {
        if (sap == Layers.LlcLayer.Snap)
            throw new FlowPipeException(
                $"LLC service access point {sap} is SNAP, FlowPipe's own: a plugin registers the Ethernet type in it"
            );
        Set(_saps, sap & ~1, callback, "LLC service access point");
    }

    /// <inheritdoc/>
    public void UdpPort(ushort port, EnqueueCallback callback, bool eitherSide = false)
    {
        if (port == 0)
            throw new FlowPipeException("UDP port 0 can't be registered: it stands for no port");
        if (!_udpTunnels.TryAdd(port, new UdpTunnel(Guarded(callback, $"UDP port {port}"), eitherSide)))
            throw new FlowPipeException($"UDP port {port} is registered twice: remove one of the two plugins");
        _udpPorts[port >> 6] |= 1UL << port;
    }

    /// <inheritdoc/>
    public void Unknown(UnknownCallback callback)
    {
        if (OfUnknown is not null)
            throw new FlowPipeException("what becomes of unknown packets is registered twice: remove one of the two plugins");
        OfUnknown = _faults is null || Plugins.IsCore ? callback : new UnknownGuard(callback, Plugins.Current, _faults).Run;
    }

    internal UnknownCallback? OfUnknown { get; private set; }

    internal EnqueueCallback? OfLink(int linkType) => (uint)linkType < (uint)_links.Length ? _links[linkType] : null;

    internal EnqueueCallback? OfEthernet(ushort etherType) => _ethernet[etherType];

    internal EnqueueCallback? OfIp(byte ipProtocol) => _ip[ipProtocol];

    internal EnqueueCallback? OfSap(byte sap) => _saps[sap & ~1];

    /// <summary>Whether a tunnel is registered for one of the two ports of a UDP header, given as its first four bytes.</summary>
    internal bool HasUdpTunnel(uint ports) =>
        (((_udpPorts[ports >> 22] >> (int)(ports >> 16)) | (_udpPorts[(ushort)ports >> 6] >> (int)ports)) & 1) != 0;

    /// <summary>The tunnel for these ports, if there is one in this direction.</summary>
    internal EnqueueCallback? OfUdpPorts(uint ports)
    {
        if (_udpTunnels.TryGetValue((ushort)ports, out UdpTunnel tunnel))
            return tunnel.Callback;
        return _udpTunnels.TryGetValue((ushort)(ports >> 16), out tunnel) && tunnel.EitherSide ? tunnel.Callback : null;
    }

    private readonly record struct UdpTunnel(EnqueueCallback Callback, bool EitherSide);

    private EnqueueCallback Guarded(EnqueueCallback callback, string what) =>
        _faults is null || Plugins.IsCore ? callback : new LayerGuard(callback, what, Plugins.Current, _faults).Run;

    private void Set(EnqueueCallback?[] table, int index, EnqueueCallback callback, string what)
    {
        if ((uint)index >= (uint)table.Length)
            throw new FlowPipeException($"{what} {index} is out of range: the greatest is {table.Length - 1}");
        if (table[index] is not null)
            throw new FlowPipeException($"{what} {index} is registered twice: remove one of the two plugins");
        table[index] = Guarded(callback, $"{what} {index}");
    }
}
