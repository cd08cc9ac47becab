using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// Reads a ring of a packet socket. Packets stay where the kernel has put them, and their block is lent; but a block with little in it, or when most of
/// the ring is out, is copied and given back at once: else a second of a slow link could take a ring of any size.
/// </summary>
internal sealed unsafe class RingLane : LiveLane
{
    private const int WaitMilliseconds = 10;
    private const int DrainMilliseconds = 50; // several times what the kernel keeps a block for
    private const int SparseShare = 8;
    private readonly int _group;
    private readonly KernelFilter _filter;
    private readonly List<PacketRing> _former = [];
    private PacketRing _ring;

    public RingLane(LaneSetup setup, int group, KernelFilter filter)
        : base(setup)
    {
        _group = group;
        _filter = filter;
        _ring = new PacketRing(setup.Interface, group, filter, setup.Settings);
        Outlet.HasTime = HasTime;
    }

    protected override bool IsCurrent => NetworkDevices.IndexOf(Setup.Interface) == _ring.Index;

    public override void Dispose()
    {
        _ring.Dispose();
        foreach (PacketRing ring in _former)
            ring.Dispose();
    }

    protected override void Begin() => _ring.Begin();

    protected override void Turn()
    {
        if (_ring.TryTake() is { } block)
        {
            Take(block);
            return;
        }
        Setup.Overload.Report(Setup.ReaderId, _ring.OccupiedPercent);
        long before = Environment.TickCount64;
        int error = _ring.Wait(WaitMilliseconds);
        // An interface that is down, or a ring whose last block has not come back, answers at once: it is not asked a thousand times a millisecond.
        if (error != 0 || Environment.TickCount64 - before < 1)
            Thread.Sleep(1);
    }

    protected override void Drain()
    {
        _ring.Shut();
        long last = Environment.TickCount64;
        while (!IsOver && Environment.TickCount64 - last < DrainMilliseconds)
        {
            if (_ring.TryTake() is { } block)
            {
                Take(block);
                last = Environment.TickCount64;
                continue;
            }
            // what is behind a block that has not come back is not seen yet
            if (_ring.WaitsForBlock)
                last = Environment.TickCount64;
            Thread.Sleep(1);
        }
    }

    protected override void TakeKernelCounts()
    {
        if (_ring.TakeCounts(out uint received, out uint dropped, out uint freezes))
            Counts.AddKernel(received, dropped, freezes);
    }

    protected override bool Reopen()
    {
        // its blocks may still be lent: it is closed when they are back, or with the run
        TakeKernelCounts();
        _ring.Dispose();
        _former.Add(_ring);
        foreach (PacketRing ring in _former)
            ring.Dispose();
        _former.RemoveAll(static ring => ring.IsClosed);
        _ring = new PacketRing(Setup.Interface, _group, _filter, Setup.Settings);
        _ring.Begin();
        return true;
    }

    // Packets wait nowhere better than in the ring, as long as it has room.
    private bool HasTime()
    {
        int occupied = _ring.OccupiedPercent;
        Setup.Overload.Report(Setup.ReaderId, occupied);
        return occupied < MostOccupiedPercent && !IsOver;
    }

    private void Take(RingBlock block)
    {
        Setup.Overload.Report(Setup.ReaderId, _ring.OccupiedPercent);
        if (block.Used < block.Length / SparseShare || _ring.IsShort)
            Copy(block);
        else
            Lend(block);
        block.Release();
    }

    private void Copy(RingBlock block)
    {
        bool isEthernet = _ring.LinkType == 1;
        byte* header = block.First + block.FirstOffset;
        for (int i = block.Packets; i > 0; i--)
        {
            var frame = new RingFrame(header);
            frame.Restore(isEthernet, out byte* start, out int captured, out int original);
            Copier.Add(new ReadOnlySpan<byte>(start, captured), frame.TimestampNs, original, _ring.LinkType);
            header += frame.NextOffset;
        }
    }

    private void Lend(RingBlock block)
    {
        Copier.HandOn();
        bool isEthernet = _ring.LinkType == 1;
        PacketBatch? batch = null;
        byte* header = block.First + block.FirstOffset;
        for (int i = block.Packets; i > 0; i--)
        {
            var frame = new RingFrame(header);
            frame.Restore(isEthernet, out byte* start, out int captured, out int original);
            batch ??= Outlet.TryTake(block);
            if (batch is null)
            {
                Outlet.ShedOne();
            }
            else if (Outlet.Add(batch, frame.TimestampNs, (int)(start - block.First), captured, original, _ring.LinkType))
            {
                Outlet.HandOn(batch);
                batch = null;
            }
            header += frame.NextOffset;
        }
        if (batch is not null)
            Outlet.HandOn(batch);
    }
}
