using FlowPipe.Abstractions;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;

namespace FlowPipe.Core.Sessions;

/// <summary>A session as its partition keeps it: the counters of the record being made, and its places in table and wheel. Pooled.</summary>
public sealed partial class FlowSession : Session
{
    /// <summary>Bytes of payload that a record shows of each side.</summary>
    internal const int PayloadLength = 8;

    private static readonly TcpBox NoTcp = new();
    private readonly CoreFields _fields;
    private TcpBox? _tcp;

    internal FlowSession(CoreFields fields) => _fields = fields;

    /// <summary>What one takes without its values, for accounts of memory: itself, its store of values, and the head of that one's array.</summary>
    internal static int BareBytes { get; } = Measure();

    // -- where it is kept --
    internal ulong Hash;
    internal FlowSession? WheelNext;
    internal FlowSession? WheelPrevious;
    internal int WheelSlot = -1;
    internal byte WheelClass; // the ring that it lies in; its own class may have changed since
    internal long Number; // of the sessions of its partition, from 1: tells it from a later one in the same object
    internal int ValueBytes; // what its values take, as far as the partition has accounted for it

    // -- when it is over --
    internal long LastNowNs; // the "now" of its last packet (DESIGN law 2): what timeouts count from
    internal byte TimeoutClass;
    internal long SaveAtNs; // tcpSaveTimeout: decided at the next packet after it
    internal EndReason ClosingReason;
    internal bool Closing;
    internal bool ProtocolFailed; // its protocol threw over a packet and is shown no more
    internal FlowState State;

    // -- what it is --
    internal long BeganNs; // its very first packet, in whatever record
    internal long BeganOffset;
    internal PacketSource BeganSource = null!;
    internal int Segment; // number of the record being made, from 0

    // -- the record being made --
    internal int RecordSource; // number of the source of its first packet
    internal LostPackets LostBefore; // what the run had lost when it was begun
    internal long LastNs;
    internal SideCounts Packets;
    internal long UncountedPackets; // fragments beyond the first of their datagrams, which count as one packet
    internal SideCounts Bytes;
    internal PositionList Positions;
    internal long WrittenFrom; // the writer's buffers that hold its packets, by generation; 0 where none does
    internal long WrittenUpTo;
    internal bool Unsaved; // the writer could not take a packet of it, and its record says so
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
    internal Tunnels LastTunnel;
    internal ushort EtherType;

    /// <summary>TCP's part: in an object of its own, because other sessions need none. Theirs is one for all, and stays empty.</summary>
    internal ref TcpState Tcp => ref (_tcp ?? NoTcp).State;

    /// <inheritdoc/>
    public override long FirstPacketNs => BeganNs;

    /// <inheritdoc/>
    public override void AddProtocol(ReadOnlySpan<byte> name) => Fields.Add(_fields.Protocols, name);

    /// <inheritdoc/>
    public override void AddTag(ReadOnlySpan<byte> tag) => Fields.Add(_fields.Tags, tag);

    /// <inheritdoc/>
    public override void SeenPayload(ReadOnlySpan<byte> bytes) => GatherPayload(PacketSide, bytes);

    /// <summary>Whether the first bytes of a side are all there.</summary>
    internal bool HasPayload(Side side) => (side == Side.Client ? ClientPayload8Length : ServerPayload8Length) == PayloadLength;

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
        if (reason > EndReason.Shutdown)
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "this is no reason");
        Closing = true;
        ClosingReason = reason;
    }

    internal bool IsTcp => Protocol.Type == SessionType.Tcp;

    /// <summary>Whether packets are still saved, that is, their positions kept.</summary>
    internal bool SavesPackets { get; private set; } = true;

    /// <inheritdoc/>
    public override void StopSaving()
    {
        if (!SavesPackets)
            return;
        SavesPackets = false;
        AddTag("truncated-pcap"u8);
    }

    /// <summary>Makes it a TCP session.</summary>
    internal void LendTcp(TcpBox tcp) => _tcp = tcp;

    /// <summary>Takes TCP's part back; null when it had none.</summary>
    internal TcpBox? TakeTcp()
    {
        TcpBox? tcp = _tcp;
        _tcp = null;
        return tcp;
    }

    /// <summary>Begins the next record of the same session: it tells what is seen from here on, and again what belongs to all of them.</summary>
    /// <param name="sources">The partition's.</param>
    internal void StartSegment(SourceTable sources)
    {
        Fields.Retain(_fields.Linked);
        LastClientTtl = LastServerTtl = -1;
        Segment++;
        Packets = default;
        UncountedPackets = 0;
        Bytes = default;
        DataBytes = default;
        Positions.Clear(sources);
        WrittenFrom = WrittenUpTo = 0;
        Unsaved = false;
        _tcp?.State.StartSegment();
    }

    /// <summary>Makes it as new, its memory kept.</summary>
    internal void Clear(BytePool pool, SourceTable sources)
    {
        Parsing?.Free(this);
        Fields.Reset();
        Positions.Return(pool, sources);
        WrittenFrom = WrittenUpTo = 0;
        Unsaved = false;
        _tcp?.State.Clear(Parsing?.Segments);
        Id = default;
        Protocol = null!;
        HasIp = false;
        SourcePort = 0;
        DestinationPort = 0;
        IpProtocol = 0;
        Community = default;
        DataBytes = default;
        WheelSlot = -1;
        Number = 0;
        ValueBytes = 0;
        SavesPackets = true;
        Closing = false;
        ProtocolFailed = false;
        State = FlowState.New;
        SaveAtNs = 0;
        Segment = 0;
        BeganSource = null!;
        Packets = default;
        UncountedPackets = 0;
        Bytes = default;
        ClientPayload8 = ServerPayload8 = 0;
        ClientPayload8Length = ServerPayload8Length = 0;
        LastClientTtl = LastServerTtl = -1;
        LastClientMacs = LastServerMacs = default;
        LastVlans = 0;
        LastTunnel = Tunnels.None;
        EtherType = 0;
    }

    private static int Measure()
    {
        const int arrayHead = 24;
        var fields = new CoreFields(Schemas.FieldDictionary.Default);
        int least = int.MaxValue;
        for (int i = 0; i < 8; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            GC.KeepAlive(new FlowSession(fields));
            least = Math.Min(least, (int)(GC.GetAllocatedBytesForCurrentThread() - before));
        }
        return least + arrayHead;
    }

    private static void Gather(ref ulong payload, ref byte length, ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length && length < PayloadLength; i++, length++)
            payload = (payload << 8) | bytes[i];
    }
}
