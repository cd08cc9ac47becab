using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue.Fragments;
using FlowPipe.Core.Enqueue.Layers;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Enqueue;

/// <summary>
/// Phase 1 of a packet: from its link layer down to the header that makes a session of it. Shallow: it checks what it needs, allocates
/// nothing and knows no session. Everything but TCP and UDP comes from the tables.
/// </summary>
internal sealed partial class PacketDecoder : EnqueueContext
{
    internal const byte Tcp = 6;
    internal const byte Udp = 17;
    private readonly Tracking _tracking;
    private readonly MProtocol[] _protocols;
    private readonly byte _tcp;
    private readonly byte _udp;
    private int _depth;
    private int _unknownType;
    private bool _hasSession; // of the packet in hand: it was passed on to a session
    private bool _isHeld; // it was passed on as a fragment, and waits for the others

    public PacketDecoder(LayerTables tables, byte tcp, byte udp, Tracking tracking, SessionSettings? settings = null)
    {
        Fragments = new FragmentTable(settings ?? new SessionSettings(), in tracking, Verdicts);
        Tables = tables;
        Plugins = new PluginCounts(tables.Plugins);
        AsArkime = settings?.ArkimeReadings ?? false;
        _protocols = tables.Protocols;
        _tcp = tcp;
        _udp = udp;
        _tracking = tracking;
    }

    public LayerTables Tables { get; }

    /// <summary>Whether packets are read as Arkime does where it errs (<see cref="ArkimeReadings"/>).</summary>
    public bool AsArkime { get; }

    /// <summary>Packets by what became of them; whoever decodes counts, but for fragments that are held.</summary>
    public long[] Verdicts { get; } = new long[Enum.GetValues<PacketRc>().Length];

    public FragmentTable Fragments { get; }

    /// <summary>What plugins have counted here, and how often they threw.</summary>
    public PluginCounts Plugins { get; }

    /// <summary>The batch whose packets are being decoded: it takes the datagrams that become whole.</summary>
    public PacketBatch Batch { get; set; } = new(0, null);

    /// <summary>Fills in what can be known of a packet before its session is.</summary>
    [MethodImpl(HotPath.Options)]
    public PacketRc Decode(ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        packet.EtherOffset = PacketRecord.None;
        packet.OuterEtherOffset = PacketRecord.None;
        packet.IpOffset = PacketRecord.None;
        packet.OuterIpOffset = PacketRecord.None;
        packet.EtherType = 0;
        packet.IpProtocol = 0;
        packet.Vlan0 = packet.Vlan1 = packet.Vlan2 = 0;
        packet.Vni = 0;
        packet.TunnelDepth = 0;
        packet.Tunnel = Tunnels.None;
        packet.Owned = 0;
        _depth = 0;
        _unknownType = 0;
        _hasSession = _isHeld = false;
        PacketRc verdict = RunLink(packet.LinkType, ref packet, frame, 0);
        return verdict is PacketRc.DoProcess or PacketRc.Held ? verdict : Resolve(verdict, ref packet, frame);
    }

    /// <inheritdoc/>
    public override PacketRc RunLink(int linkType, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (linkType == EthernetLayer.LinkType)
            return EthernetLayer.Enqueue(this, ref packet, frame, offset);
        return Tables.OfLink(linkType) is { } callback ? Descend(callback, ref packet, frame, offset) : PacketRc.UnknownLink;
    }

    /// <inheritdoc/>
    public override PacketRc RunEthernet(ushort etherType, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (packet.EtherType == 0)
            packet.EtherType = packet.EtherOffset == PacketRecord.None ? (ushort)0 : etherType;
        if (etherType == IPv4Layer.EtherType)
            return IPv4Layer.Enqueue(this, ref packet, frame, offset);
        if (Tables.OfEthernet(etherType) is { } callback)
            return Descend(callback, ref packet, frame, offset);
        _unknownType = etherType;
        return PacketRc.UnknownEther;
    }

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public override PacketRc RunIp(byte ipProtocol, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        packet.IpProtocol = ipProtocol;
        switch (ipProtocol)
        {
            case Tcp:
                return packet.PayloadLength < TcpHeader.MinimumLength ? PacketRc.Corrupt : ToSession(_tcp, ref packet, frame);
            case Udp:
                return packet.PayloadLength < UdpProtocol.HeaderLength ? PacketRc.Corrupt : RunUdp(ref packet, frame);
            default:
                // What is inside ends where this packet does: padding behind it belongs to nobody.
                return Tables.OfIp(ipProtocol) is { } callback
                    ? Descend(callback, ref packet, frame[..(packet.PayloadOffset + packet.PayloadLength)], offset)
                    : PacketRc.UnknownIp;
        }
    }

    /// <inheritdoc/>
    public override PacketRc RunLlc(ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        Descend(LlcLayer.Callback, ref packet, frame, offset);

    /// <inheritdoc/>
    public override PacketRc RunSap(byte sap, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset) =>
        Tables.OfSap(sap) is { } callback ? Descend(callback, ref packet, frame, offset) : PacketRc.UnknownEther;

    public override PacketRc RunFragment(in IpFragment fragment, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        PacketRc verdict = Fragments.Add(in fragment, ref packet, frame, Batch, out ReadOnlySpan<byte> whole);
        _isHeld = verdict == PacketRc.Held;
        if (verdict != PacketRc.DoProcess)
            return verdict;
        verdict =
            whole[fragment.IpOffset] >> 4 == 4
                ? IPv4Layer.Enqueue(this, ref packet, whole, fragment.IpOffset)
                : IPv6Layer.Enqueue(this, ref packet, whole, fragment.IpOffset);
        // The layers around must not take it for a packet that is not theirs: it now stands for all that the datagram came in.
        if (verdict == PacketRc.UnknownIp && packet.TunnelDepth > 0)
            verdict =
                Resolve(verdict, ref packet, whole) is var resolved && resolved == PacketRc.UnknownIp ? PacketRc.DontProcess : resolved;
        return verdict;
    }

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public override PacketRc ToSession(byte mProtocol, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        packet.MProtocol = mProtocol;
        MProtocol protocol = _protocols[mProtocol];
        protocol.CreateSessionId(new PacketView(in packet, frame), in _tracking, out SessionId id);
        if (mProtocol >= PluginTable.CoreProtocols)
            SessionKeys.Require(in id, protocol);
        packet.Hash = id.Hash(_tracking.Salt);
        _hasSession = true;
        return PacketRc.DoProcess;
    }

    private PacketRc RunUdp(ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        uint ports = BinaryPrimitives.ReadUInt32BigEndian(frame[packet.PayloadOffset..]);
        return Tables.HasUdpTunnel(ports) ? RunUdpTunnel(ports, ref packet, frame) : ToSession(_udp, ref packet, frame);
    }

    private PacketRc RunUdpTunnel(uint ports, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        int at = packet.PayloadOffset;
        int length = BinaryPrimitives.ReadUInt16BigEndian(frame[(at + 4)..]);
        // 0 is segmentation offload's; whatever contradicts IP is left to what is inside.
        if (length < UdpProtocol.HeaderLength || length > packet.PayloadLength)
            length = packet.PayloadLength;
        if (length > UdpProtocol.HeaderLength && Tables.OfUdpPorts(ports) is { } callback)
        {
            PacketRecord before = packet;
            int depth = _depth;
            PacketRc verdict = Descend(callback, ref packet, frame[..(at + length)], at + UdpProtocol.HeaderLength);
            // What makes no session in the tunnel is one of UDP outside; but not once it stands for a datagram's fragments.
            bool isPlain = verdict == PacketRc.UnknownIp || (verdict == PacketRc.DontProcess && packet.Owned == before.Owned);
            if (!isPlain)
                return verdict;
            packet = before;
            _depth = depth;
        }
        return ToSession(_udp, ref packet, frame);
    }

    private PacketRc Resolve(PacketRc verdict, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        if (Tables.OfUnknown is not { } callback || verdict is not (PacketRc.Corrupt or PacketRc.UnknownEther or PacketRc.UnknownIp))
            return verdict;
        int type = verdict == PacketRc.UnknownIp ? packet.IpProtocol : _unknownType;
        return callback(this, verdict, type, ref packet, packet.Owned == 0 ? frame : Batch.Owned.Frame(in packet));
    }

    private PacketRc Descend(EnqueueCallback callback, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        if (++_depth > DepthMax || (uint)offset > (uint)frame.Length)
            return PacketRc.Corrupt;
        return callback(this, ref packet, frame, offset);
    }
}
