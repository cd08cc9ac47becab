using System.Runtime.InteropServices;
using SharpPcap;
using SharpPcap.LibPcap;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// Reads an interface with libpcap, which knows every link type and system. Its memory is good until the next packet, so packets are copied. SharpPcap opens
/// and filters; packets are asked for by pointer, because its own packets are objects.
/// </summary>
internal sealed unsafe class LibpcapLane : LiveLane
{
    private const int TimeoutMilliseconds = 10; // after which the kernel hands over what is not full
    private const int PacketsATurn = 256;
    private const int EmptyTurnsAtEnd = 3;
    private const int LookMilliseconds = 10; // how full its buffer is: two files are read for it
    private const int FullPercent = 85; // a buffer that was full: enough to refuse sessions, not to shed flows
    private const int FullMilliseconds = 500;
    private readonly string? _bpf;
    private readonly delegate* unmanaged[Cdecl]<nint, int> _fileNumber;
    private readonly delegate* unmanaged[Cdecl]<nint, Statistics*, int> _statistics;
    private readonly PcapBuffer _buffer;
    private LibPcapLiveDevice _device = null!;
    private ushort _linkType;
    private bool _isNanosecond;
    private uint _received;
    private uint _dropped;
    private int _index;
    private long _oldestNs; // stamp of the first packet of this turn
    private long _lookDue;
    private long _fullUntil;

    public LibpcapLane(LaneSetup setup, string? bpf)
        : base(setup)
    {
        _bpf = bpf;
        _buffer = new PcapBuffer(setup.Settings.PcapBufferSize, TimeoutMilliseconds);
        Outlet.HasTime = HasTime;
        _fileNumber = (delegate* unmanaged[Cdecl]<nint, int>)LibPcap.Export("pcap_fileno");
        _statistics = (delegate* unmanaged[Cdecl]<nint, Statistics*, int>)LibPcap.Export("pcap_stats");
        Open();
        try
        {
            // said now, and not when packets are wanted
            BpfProgram.Create(_device.Handle, bpf ?? "", optimize: 1, netmask: 0).Dispose();
        }
        catch (PcapException e)
        {
            _device.Dispose();
            throw WrongFilter(e);
        }
    }

    protected override bool IsCurrent => NetworkDevices.IndexOf(Setup.Interface) == _index;

    public override void Dispose() => _device.Dispose();

    protected override void Begin()
    {
        // What came between its opening and our filter is not of this run.
        for (int empty = 0; empty < EmptyTurnsAtEnd; )
        {
            if (Next(out Header* _, out byte* _) == 1)
                continue;
            empty++;
            Wait();
        }
        TakeDeviceCounts();
        _buffer.Empty(_received, _dropped);
        SetFilter(_bpf);
    }

    protected override void Turn()
    {
        if (TakeSome() == 0)
            Wait();
        if (Environment.TickCount64 >= _lookDue)
            Look();
    }

    protected override void Drain()
    {
        Shut();
        int empty = 0;
        while (!IsOver && empty < EmptyTurnsAtEnd)
        {
            empty = TakeSome() == 0 ? empty + 1 : 0;
            if (empty > 0)
                Wait();
        }
    }

    protected override void TakeKernelCounts()
    {
        (uint received, uint dropped) = TakeDeviceCounts();
        Counts.AddKernel(received, dropped);
        if (dropped > 0)
            _fullUntil = Environment.TickCount64 + FullMilliseconds;
    }

    protected override bool Reopen()
    {
        _device.Dispose();
        Open();
        Begin();
        return true;
    }

    private void Open()
    {
        string name = Setup.Interface;
        LiveReaderSettings settings = Setup.Settings;
        _device = PcapDevices.Find(name);
        try
        {
            _device.Open(
                new DeviceConfiguration
                {
                    Mode = settings.Promisc ? DeviceModes.Promiscuous : DeviceModes.None,
                    Snaplen = settings.SnapLen,
                    ReadTimeout = TimeoutMilliseconds,
                    BufferSize = settings.PcapBufferSize,
                    TimestampResolution = TimestampResolution.Nanosecond,
                }
            );
        }
        catch (PcapException first) when (NetworkDevices.WhyNot() is null)
        {
            OpenWithoutNanoseconds(first);
        }
        catch (PcapException e)
        {
            throw NetworkDevices.WhyNot() is null ? Refused(e) : LiveErrors.NoPermission(name);
        }
        // Its own time limit holds for a block that has something in it: where nothing comes it waits for ever.
        _device.NonBlockingMode = true;
        _isNanosecond = _device.TimestampResolution == TimestampResolution.Nanosecond;
        _linkType = LinkTypes.Canonical((ushort)_device.LinkType);
        _index = NetworkDevices.IndexOf(name);
        _received = _dropped = 0;
        Shut();
    }

    private void OpenWithoutNanoseconds(PcapException first)
    {
        try
        {
            _device.Open(
                new DeviceConfiguration
                {
                    Mode = Setup.Settings.Promisc ? DeviceModes.Promiscuous : DeviceModes.None,
                    Snaplen = Setup.Settings.SnapLen,
                    ReadTimeout = TimeoutMilliseconds,
                    BufferSize = Setup.Settings.PcapBufferSize,
                }
            );
        }
        catch (PcapException)
        {
            throw Refused(first);
        }
    }

    private FlowPipeException Refused(PcapException e) => new($"{Setup.Interface} can't be opened: {e.Message}", e);

    private void SetFilter(string? expression)
    {
        try
        {
            _device.Filter = expression ?? "";
        }
        catch (PcapException e)
        {
            throw WrongFilter(e);
        }
    }

    private FlowPipeException WrongFilter(PcapException e) =>
        new($"{Setup.Interface}: --bpf '{_bpf}': {e.Message}; man pcap-filter explains the language", e) { IsWrongUsage = true };

    // Past libpcap, which would apply a filter of its own to what is in its buffer already.
    private void Shut() => _ = KernelFilter.Nothing.AttachTo(FileNumber);

    private void Wait()
    {
        long before = Environment.TickCount64;
        var entry = new NativeSocket.PollEntry { Socket = FileNumber, Events = NativeSocket.PollIn };
        _ = NativeSocket.Poll(&entry, 1, TimeoutMilliseconds);
        // an interface that is down answers at once
        if (Environment.TickCount64 - before < 1)
            Thread.Sleep(1);
    }

    // Packets wait nowhere better than in libpcap's buffer, as long as it has room.
    private bool HasTime()
    {
        long dropped = Counts.KernelDropped;
        return Look() < MostOccupiedPercent && Counts.KernelDropped == dropped && !IsOver;
    }

    private int Look()
    {
        _lookDue = Environment.TickCount64 + LookMilliseconds;
        TakeKernelCounts();
        int occupied = _buffer.OccupiedPercent(_received, _dropped, _oldestNs == 0 ? 0 : WallClock.NowNs - _oldestNs);
        bool wasFull = Environment.TickCount64 < _fullUntil;
        Setup.Overload.Report(Setup.ReaderId, wasFull ? Math.Max(FullPercent, occupied) : occupied);
        return occupied;
    }

    private int FileNumber => _fileNumber(_device.Handle.DangerousGetHandle());

    private int TakeSome()
    {
        int taken = 0;
        _oldestNs = 0;
        while (taken < PacketsATurn)
        {
            int result = Next(out Header* header, out byte* data);
            if (result == 0)
                break;
            if (result < 0)
            {
                // an interface that was removed; it is opened anew when it is there again
                Thread.Sleep(1);
                break;
            }
            long fraction = _isNanosecond ? header->Fraction : header->Fraction * 1_000;
            long timestampNs = (header->Seconds * 1_000_000_000) + fraction;
            if (taken == 0)
                _oldestNs = timestampNs;
            _buffer.Take((int)header->Captured);
            Copier.Add(new ReadOnlySpan<byte>(data, (int)header->Captured), timestampNs, (int)header->Original, _linkType);
            taken++;
        }
        return taken;
    }

    private int Next(out Header* header, out byte* data)
    {
        nint at = 0;
        nint bytes = 0;
        int result = _device.GetNextPacketPointers(ref at, ref bytes);
        header = (Header*)at;
        data = (byte*)bytes;
        return result;
    }

    // SharpPcap takes the counters for pointers in size, and so never sees that the kernel dropped anything.
    private (uint Received, uint Dropped) TakeDeviceCounts()
    {
        Statistics now;
        // It may be asked between two openings: what could not be opened again still hands on what it has.
        if (!_device.Opened || _statistics(_device.Handle.DangerousGetHandle(), &now) != 0)
            return (0, 0);
        // they are libpcap's sums, of 32 bits
        uint received = unchecked(now.Received - _received);
        uint dropped = unchecked(now.Dropped - _dropped);
        _received = now.Received;
        _dropped = now.Dropped;
        return (received, dropped);
    }

    /// <summary><c>struct pcap_pkthdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Header
    {
        public readonly nint Seconds;
        public readonly nint Fraction;
        public readonly uint Captured;
        public readonly uint Original;
    }

    /// <summary><c>struct pcap_stat</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Statistics
    {
        public readonly uint Received;
        public readonly uint Dropped;
        public readonly uint DroppedByInterface;
    }
}
