using System.Globalization;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// Sessions of what nobody knows and of what is corrupt, as <c>parsers.saveUnknownPackets</c> says: <c>all</c>, <c>ether:all</c>, <c>ip:all</c>,
/// <c>ether:N</c>, <c>ip:N</c>, <c>corrupt</c>; each with a minus before it takes away. What makes no session is counted by its verdict.
/// </summary>
public sealed class UnknownPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "unknown";

    /// <summary>Several runs of a process may share the plugin: what is set for one is kept by an object of its own.</summary>
    public void Register(IRegistrar registrar) => new UnknownPackets().Register(registrar);
}

/// <summary>Which unknown and corrupt packets make sessions in one run.</summary>
internal sealed class UnknownPackets
{
    private readonly bool[] _ether = new bool[65_536];
    private readonly bool[] _ip = new bool[256];
    private bool _corrupt;
    private readonly UnknownEtherProtocol _unknownEther = new();
    private readonly UnknownIpProtocol _unknownIp = new();
    private readonly CorruptEtherProtocol _corruptEther = new();
    private readonly CorruptIpProtocol _corruptIp = new();

    public void Register(IRegistrar registrar)
    {
        IReadOnlyList<string> parts = registrar.Setting(
            "saveUnknownPackets",
            ["all", "corrupt"],
            "Which unknown and corrupt packets make sessions; the others are only counted",
            "all, ether:all, ip:all, ether:N, ip:N or corrupt, each with - before it to take away",
            IsKnown
        );
        foreach (string part in parts)
            Apply(part);
        registrar.Register(_corruptEther);
        registrar.Register(_corruptIp);
        registrar.Register(_unknownEther);
        registrar.Register(_unknownIp);
        registrar.Unknown(Enqueue);
    }

    private static bool IsKnown(string part)
    {
        string what = part.StartsWith('-') ? part[1..] : part;
        return what is "all" or "ether:all" or "ip:all" or "corrupt" || IsEther(what, out ushort _) || IsIp(what, out byte _);
    }

    private void Apply(string part)
    {
        bool on = !part.StartsWith('-');
        string what = on ? part : part[1..];
        if (what is "all" or "ether:all")
            Array.Fill(_ether, on);
        if (what is "all" or "ip:all")
            Array.Fill(_ip, on);
        if (what == "corrupt")
            _corrupt = on;
        if (IsEther(what, out ushort ether))
            _ether[ether] = on;
        if (IsIp(what, out byte ip))
            _ip[ip] = on;
    }

    private static bool IsEther(string what, out ushort type)
    {
        type = 0;
        return what.StartsWith("ether:", StringComparison.Ordinal)
            && ushort.TryParse(what.AsSpan(6), CultureInfo.InvariantCulture, out type);
    }

    private static bool IsIp(string what, out byte protocol)
    {
        protocol = 0;
        return what.StartsWith("ip:", StringComparison.Ordinal)
            && byte.TryParse(what.AsSpan(3), CultureInfo.InvariantCulture, out protocol);
    }

    private PacketRc Enqueue(EnqueueContext context, PacketRc verdict, int type, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        // What later stages read of the link layer must be there.
        if (packet.EtherOffset != PacketRecord.None && frame.Length - packet.EtherOffset < MacPairLength)
            packet.EtherOffset = PacketRecord.None;
        int link = packet.EtherOffset == PacketRecord.None ? 0 : packet.EtherOffset;
        if (verdict == PacketRc.UnknownIp)
            return _ip[type] ? _unknownIp.Enqueue(context, ref packet, frame, packet.PayloadOffset) : verdict;
        // Below 1536 it is no type but an IEEE 802.3 length, before LLC that nobody knows: Arkime calls that corrupt.
        if (verdict == PacketRc.UnknownEther && type >= LeastEtherType)
        {
            if (!_ether[type])
                return verdict;
            if (frame.Length - link >= UnknownEtherProtocol.KeyLength)
                return _unknownEther.Enqueue(context, ref packet, frame, 0);
        }
        if (!_corrupt)
            return verdict;
        int header = packet.IpOffset == PacketRecord.None ? 0 : HeaderLength(frame, packet.IpOffset);
        if (header > 0)
            return _corruptIp.Enqueue(context, ref packet, frame, packet.IpOffset + header);
        packet.IpOffset = PacketRecord.None;
        return _corruptEther.Enqueue(context, ref packet, frame, 0);
    }

    /// <summary>The fixed part of an IP header; 0 where it is not there.</summary>
    private static int HeaderLength(ReadOnlySpan<byte> frame, int offset)
    {
        int length =
            offset >= frame.Length
                ? 0
                : (frame[offset] >> 4) switch
                {
                    4 => 20,
                    6 => 40,
                    _ => 0,
                };
        return frame.Length - offset < length ? 0 : length;
    }

    private const int MacPairLength = 12;
    private const int LeastEtherType = 0x600;
}

/// <summary>Sessions of an unknown Ethernet type: by MACs and type, one way.</summary>
internal sealed class UnknownEtherProtocol() : OneWayMProtocol("unknown-ether", idleTimeout: 0)
{
    public const int KeyLength = 14;

    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = LinkKey(in packet, KeyLength);
}

/// <summary>Sessions of an unknown IP protocol: by addresses and protocol, one way.</summary>
internal sealed class UnknownIpProtocol() : OneWayMProtocol("unknown-ip", idleTimeout: 0)
{
    /// <inheritdoc/>
    public override bool HasCommunityId => true;

    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = AddressKey(in packet, packet.Record.IpProtocol);
}

/// <summary>Sessions of frames that are corrupt before or without an IP header: by MACs, one way.</summary>
internal sealed class CorruptEtherProtocol() : OneWayMProtocol("corrupt-ether", idleTimeout: 0)
{
    private const int KeyLength = 12;

    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) =>
        id = LinkKey(in packet, KeyLength);
}

/// <summary>Sessions of packets that are corrupt behind an IP header: by addresses, one way.</summary>
internal sealed class CorruptIpProtocol() : OneWayMProtocol("corrupt-ip", idleTimeout: 0)
{
    /// <inheritdoc/>
    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id) => id = AddressKey(in packet, 0);
}
