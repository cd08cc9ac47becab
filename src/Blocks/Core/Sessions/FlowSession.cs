using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions.Tcp;

namespace FlowPipe.Core.Sessions;

/// <summary>A session as its partition keeps it: the counters of the record being made, and its places in table and wheel. Pooled.</summary>
public sealed partial class FlowSession : Session
{
    /// <summary>Bytes of payload that a record shows of each side.</summary>
    internal const int PayloadLength = 8;

    private readonly CoreFields _fields;

    internal FlowSession(CoreFields fields) => _fields = fields;

    // -- where it is kept --
    internal ulong Hash;
    internal FlowSession? WheelNext;
    internal FlowSession? WheelPrevious;
    internal int WheelSlot = -1;

    // -- when it is over --
    internal long LastNowNs; // the "now" of its last packet (DESIGN law 2): what timeouts count from
    internal long TimeoutNs;
    internal long SaveAtNs; // tcpSaveTimeout: decided at the next packet after it
    internal EndReason ClosingReason;
    internal bool Closing;
    internal FlowState State;

    // -- what it is --
    internal long BeganNs; // its very first packet, in whatever record
    internal long BeganOffset;
    internal PacketSource BeganSource = null!;
    internal int Segment; // number of the record being made, from 0

    // -- the record being made --
    internal long LastNs;
    internal SideCounts Packets;
    internal SideCounts Bytes;
    internal PositionList Positions;
    internal ulong ClientPayload8;
    internal ulong ServerPayload8;
    internal byte ClientPayload8Length;
    internal byte ServerPayload8Length;

    // -- last values seen, so that a set is only asked when something changes --
    internal int LastClientTtl = -1;
    internal int LastServerTtl = -1;
    internal MacPair LastClientMacs;
    internal MacPair LastServerMacs;
    internal ulong LastVlans;
    internal ushort EtherType;

    internal TcpState Tcp;

    /// <inheritdoc/>
    public override long FirstPacketNs => BeganNs;

    /// <inheritdoc/>
    public override void AddProtocol(ReadOnlySpan<byte> name) => Fields.Add(_fields.Protocols, name);

    /// <inheritdoc/>
    public override void AddTag(ReadOnlySpan<byte> tag) => Fields.Add(_fields.Tags, tag);

    /// <inheritdoc/>
    public override void SeenPayload(ReadOnlySpan<byte> bytes) => GatherPayload(PacketSide, bytes);

    internal void GatherPayload(Side side, ReadOnlySpan<byte> bytes)
    {
        if (side == Side.Client)
            Gather(ref ClientPayload8, ref ClientPayload8Length, bytes);
        else
            Gather(ref ServerPayload8, ref ServerPayload8Length, bytes);
    }

    /// <inheritdoc/>
    public override void MarkForClose(EndReason reason)
    {
        if (Closing)
            return;
        Closing = true;
        ClosingReason = reason;
    }

    internal bool IsTcp => Protocol.Type == SessionType.Tcp;

    /// <summary>Time after which, without another packet, it is over.</summary>
    internal long DeadlineNs => LastNowNs + TimeoutNs;

    /// <summary>Begins the next record of the same session.</summary>
    internal void StartSegment()
    {
        Segment++;
        Packets = default;
        Bytes = default;
        DataBytes = default;
        Positions.Clear();
        Tcp.StartSegment();
    }

    /// <summary>Makes it as new, its memory kept.</summary>
    internal void Clear(BytePool pool)
    {
        Parsing?.Free(this);
        Fields.Reset();
        Positions.Return(pool);
        Tcp.Clear(pool);
        Id = default;
        Protocol = null!;
        HasIp = false;
        SourcePort = 0;
        DestinationPort = 0;
        IpProtocol = 0;
        Community = default;
        DataBytes = default;
        WheelSlot = -1;
        Closing = false;
        State = FlowState.New;
        SaveAtNs = 0;
        Segment = 0;
        BeganSource = null!;
        Packets = default;
        Bytes = default;
        ClientPayload8 = ServerPayload8 = 0;
        ClientPayload8Length = ServerPayload8Length = 0;
        LastClientTtl = LastServerTtl = -1;
        LastClientMacs = LastServerMacs = default;
        LastVlans = 0;
        EtherType = 0;
    }

    private static void Gather(ref ulong payload, ref byte length, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length && length < 8; i++, length++)
            payload = (payload << 8) | bytes[i];
    }
}
