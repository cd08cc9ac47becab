using System.Runtime.InteropServices;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// A packet socket with a ring of blocks in memory that the kernel and we share (TPACKET_V3 of <c>packet_mmap</c>). Opened shut: nothing comes through
/// before <see cref="Begin"/>, so that all rings of a group are in place when the first packet is taken.
/// </summary>
internal sealed unsafe class PacketRing : IDisposable
{
    private const int AddMembership = 1;
    private const int RxRing = 5;
    private const int Statistics = 6;
    private const int Version = 10;
    private const int Reserve = 12;
    private const int Fanout = 18;
    private const int IgnoreOutgoing = 23;
    private const int TpacketV3 = 2;
    private const ushort Promiscuous = 1;
    private const int FanoutHash = 0;
    private const int FanoutRollover = 0x1000;
    private const ushort AllProtocolsBigEndian = 0x0300;
    private const int ReadWrite = 3;
    private const int Shared = 1;
    private const int FrameBytes = 2_048; // of no consequence in version 3, but it must divide a block
    private const int RetireMilliseconds = 10; // a block that is not full is handed over after so long
    private readonly KernelFilter _filter;
    private readonly RingBlock[] _blocks;
    private readonly nuint _mapBytes;
    private nint _map = -1;
    private int _socket;
    private int _next;

    /// <exception cref="FlowPipeException">It can't be had; says why.</exception>
    public PacketRing(string name, int group, KernelFilter filter, LiveReaderSettings settings)
    {
        Name = name;
        _filter = filter;
        _blocks = new RingBlock[settings.Tpacketv3NumBlocks];
        _mapBytes = (nuint)settings.Tpacketv3BlockSize * (nuint)settings.Tpacketv3NumBlocks;
        Index = NetworkDevices.IndexOf(name);
        if (Index == 0)
            throw NetworkDevices.Unknown(name);
        _socket = NativeSocket.Open(NativeSocket.AfPacket, NativeSocket.SockRaw | NativeSocket.SockCloseOnExec, 0);
        if (_socket < 0)
            throw Refused("a packet socket");
        try
        {
            Map(settings.Tpacketv3BlockSize);
            Check(KernelFilter.Nothing.AttachTo(_socket), "a filter");
            Bind();
            if (settings.Promisc)
                Join();
            if (settings.Tpacketv3NumThreads > 1)
                Set(
                    Fanout,
                    (group & 0xFFFF) | ((FanoutHash | (settings.Tpacketv3Rollover ? FanoutRollover : 0)) << 16),
                    "a fanout group (tpacketv3ClusterId)"
                );
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The interface.</summary>
    public string Name { get; }

    /// <summary>The kernel's number of the interface that it was opened for.</summary>
    public int Index { get; }

    /// <summary>Link type of its frames.</summary>
    public ushort LinkType { get; private set; }

    /// <summary>Whether nothing is left of it.</summary>
    public bool IsClosed => _socket < 0 && _map == -1;

    /// <summary>Whether some of its blocks have not come back.</summary>
    public bool IsLent
    {
        get
        {
            foreach (RingBlock block in _blocks)
            {
                if (block is { IsLent: true })
                    return true;
            }
            return false;
        }
    }

    /// <summary>Whether most of its blocks have not come back.</summary>
    public bool IsShort => _blocks[(_next + (_blocks.Length / 2)) % _blocks.Length].IsLent;

    /// <summary>How many of its blocks the kernel can't fill, because nobody has looked at them yet or they are lent, percent.</summary>
    public int OccupiedPercent
    {
        get
        {
            int occupied = 0;
            foreach (RingBlock block in _blocks)
            {
                if (block.IsLent || block.Waits)
                    occupied++;
            }
            return occupied * 100 / _blocks.Length;
        }
    }

    /// <summary>Whether the block that comes next is still with those who borrowed it.</summary>
    public bool WaitsForBlock => _blocks[_next].IsLent;

    /// <summary>Lets packets through, and counts from here.</summary>
    public void Begin()
    {
        _ = TakeCounts(out uint _, out uint _, out uint _);
        Check(_filter.AttachTo(_socket), "its filter");
    }

    /// <summary>Lets no more packets through. What the kernel has is still to be taken.</summary>
    public void Shut() => _ = KernelFilter.Nothing.AttachTo(_socket);

    /// <summary>The next block that the kernel has filled; null when there is none. It is lent once, to the caller.</summary>
    public RingBlock? TryTake()
    {
        RingBlock block = _blocks[_next];
        if (!block.TryTake())
            return null;
        _next = _next + 1 == _blocks.Length ? 0 : _next + 1;
        return block;
    }

    /// <summary>Waits for a block, for as long at most.</summary>
    /// <returns>What is wrong with the interface (<c>errno</c>); 0 when nothing is.</returns>
    public int Wait(int milliseconds)
    {
        var entry = new NativeSocket.PollEntry { Socket = _socket, Events = NativeSocket.PollIn };
        _ = NativeSocket.Poll(&entry, 1, milliseconds);
        if ((entry.Returned & NativeSocket.PollError) == 0)
            return 0;
        int error = 0;
        uint length = sizeof(int);
        _ = NativeSocket.GetOption(_socket, NativeSocket.SolSocket, NativeSocket.SoError, &error, &length);
        return error;
    }

    /// <summary>The kernel's counters since they were taken last.</summary>
    /// <param name="received">Packets that passed the filter, dropped ones included.</param>
    /// <param name="dropped">Of these, the ones for which there was no room.</param>
    /// <param name="freezes">How often the ring was full, so that nothing was taken until a block came back.</param>
    /// <returns>Whether they could be had.</returns>
    public bool TakeCounts(out uint received, out uint dropped, out uint freezes)
    {
        uint* counts = stackalloc uint[3]; // packets, drops, how often the queue froze
        uint length = 3 * sizeof(uint);
        bool had = NativeSocket.GetOption(_socket, NativeSocket.SolPacket, Statistics, counts, &length) == 0;
        received = had ? counts[0] : 0;
        dropped = had ? counts[1] : 0;
        freezes = had ? counts[2] : 0;
        return had;
    }

    /// <summary>Closes it; its memory too once all blocks are back, so it may be called again.</summary>
    public void Dispose()
    {
        if (_socket >= 0)
            _ = NativeSocket.Close(_socket);
        _socket = -1;
        // Somebody may still read there, when a run was aborted: such memory goes with the process.
        if (_map == -1 || IsLent)
            return;
        _ = NativeSocket.Unmap(_map, _mapBytes);
        _map = -1;
    }

    private void Map(int blockBytes)
    {
        Set(Version, TpacketV3, "a ring of version 3");
        Set(Reserve, RingFrame.TagBytes, "room for VLAN tags");
        var request = new RingRequest
        {
            BlockBytes = (uint)blockBytes,
            Blocks = (uint)_blocks.Length,
            FrameBytes = FrameBytes,
            Frames = (uint)(blockBytes / FrameBytes * _blocks.Length),
            RetireMilliseconds = RetireMilliseconds,
        };
        Check(
            NativeSocket.SetOption(_socket, NativeSocket.SolPacket, RxRing, &request, (uint)sizeof(RingRequest)) == 0,
            $"a ring of {_blocks.Length} blocks of {blockBytes} bytes (tpacketv3NumBlocks, tpacketv3BlockSize)"
        );
        _map = NativeSocket.Map(0, _mapBytes, ReadWrite, Shared, _socket, 0);
        Check(_map != -1, "the ring's memory (tpacketv3NumBlocks, tpacketv3BlockSize)");
        for (int i = 0; i < _blocks.Length; i++)
            _blocks[i] = new RingBlock((byte*)_map + ((nint)i * blockBytes), blockBytes);
    }

    private void Bind()
    {
        var address = new LinkAddress
        {
            Family = NativeSocket.AfPacket,
            Protocol = AllProtocolsBigEndian,
            Index = Index,
        };
        Check(NativeSocket.Bind(_socket, &address, (uint)sizeof(LinkAddress)) == 0, "its packets");
        uint length = (uint)sizeof(LinkAddress);
        Check(NativeSocket.GetName(_socket, &address, &length) == 0, "its hardware type");
        LinkType =
            HardwareTypes.LinkTypeOf(address.Hardware)
            ?? throw new FlowPipeException(
                $"{Name} is of {HardwareTypes.NameOf(address.Hardware)}, whose frames rings don't tell: set capture.pcapReadMethod to libpcap"
            );
        // The loopback interface shows each packet twice, as it leaves and as it comes.
        if (address.Hardware == HardwareTypes.Loopback)
            Set(IgnoreOutgoing, 1, "one view of each packet");
    }

    private void Join()
    {
        var membership = new Membership { Index = Index, Kind = Promiscuous };
        if (NativeSocket.SetOption(_socket, NativeSocket.SolPacket, AddMembership, &membership, (uint)sizeof(Membership)) == 0)
            return;
        throw Marshal.GetLastPInvokeError() is NativeSocket.NotPermitted or NativeSocket.AccessDenied
            ? new FlowPipeException(
                $"{Name} can't be opened: CAP_NET_ADMIN is missing for promiscuous mode: give it, or set capture.promisc to false"
            )
            : Refused("promiscuous mode");
    }

    private void Set(int option, int value, string what) =>
        Check(NativeSocket.SetOption(_socket, NativeSocket.SolPacket, option, &value, sizeof(int)) == 0, what);

    private void Check(bool worked, string what)
    {
        if (!worked)
            throw Refused(what);
    }

    private FlowPipeException Refused(string what)
    {
        int error = Marshal.GetLastPInvokeError();
        if (error is NativeSocket.NotPermitted or NativeSocket.AccessDenied)
            return LiveErrors.NoPermission(Name);
        string hint = error == NativeSocket.OutOfMemory ? "; ask for less" : "";
        return new FlowPipeException($"{Name} can't be opened: {what} can't be had: {Marshal.GetPInvokeErrorMessage(error)}{hint}");
    }

    /// <summary><c>struct tpacket_req3</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct RingRequest
    {
        public uint BlockBytes;
        public uint Blocks;
        public uint FrameBytes;
        public uint Frames;
        public uint RetireMilliseconds;
        public uint PrivateBytes;
        public uint Features;
    }

    /// <summary><c>struct sockaddr_ll</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct LinkAddress
    {
        public ushort Family;
        public ushort Protocol;
        public int Index;
        public ushort Hardware;
        public byte Kind;
        public byte Length;
        public ulong Address;
    }

    /// <summary><c>struct packet_mreq</c>.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Membership
    {
        public int Index;
        public ushort Kind;
        public ushort Length;
        public ulong Address;
    }
}
