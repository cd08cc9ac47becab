using System.Threading.Tasks.Dataflow;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// One stream of packets from the kernel, with a thread of its own, which nothing but the kernel makes wait. Once a second it says what time it is, so that
/// sessions end where nothing comes, and looks whether its interface is still up.
/// </summary>
internal abstract class LiveLane : IDisposable
{
    /// <summary>Up to here what nobody takes waits in the kernel's memory; beyond, batches are shed.</summary>
    protected const int MostOccupiedPercent = 95;

    private const long SecondMilliseconds = 1_000;
    private const long BehindWallNs = 10_000_000_000; // Arkime's rule for links on which nothing comes
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken _stop;
    private CancellationToken _over;
    private long _second;
    private bool _isDown;

    protected LiveLane(LaneSetup setup)
    {
        Setup = setup;
        Outlet = new BatchOutlet(setup, Counts);
        Copier = new PacketCopier(Outlet, setup.Settings);
        Counts.AddSource();
    }

    public ReaderCounts Counts { get; } = new();

    /// <summary>Ends when its thread has.</summary>
    public Task Completion => _done.Task;

    protected LaneSetup Setup { get; }

    protected BatchOutlet Outlet { get; }

    protected PacketCopier Copier { get; }

    /// <summary>Whether the run goes on, or still takes what there is.</summary>
    protected bool IsOver => _over.IsCancellationRequested;

    /// <summary>Starts the thread.</summary>
    /// <param name="enqueue">Where packets go.</param>
    /// <param name="stop">Take what the kernel has, and no more.</param>
    /// <param name="over">Nobody takes packets any more.</param>
    public void Start(ITargetBlock<PacketBatch> enqueue, CancellationToken stop, CancellationToken over)
    {
        _stop = stop;
        _over = over;
        Outlet.Open(enqueue);
        new Thread(Run) { Name = $"{Setup.Interface} {Setup.Ring}", IsBackground = true }.Start();
    }

    /// <summary>Wakes whoever waits for room: there will be none.</summary>
    public void Close()
    {
        Outlet.Close();
        Copier.Close();
    }

    public abstract void Dispose();

    /// <summary>Lets packets through.</summary>
    protected abstract void Begin();

    /// <summary>Takes what there is, or waits for it for some milliseconds.</summary>
    protected abstract void Turn();

    /// <summary>Lets no more packets through and takes what the kernel still has.</summary>
    protected abstract void Drain();

    /// <summary>Adds the kernel's counters to ours.</summary>
    protected abstract void TakeKernelCounts();

    /// <summary>The interface was removed and is there again, or was never opened: it is to be opened anew.</summary>
    /// <returns>Whether it was.</returns>
    protected abstract bool Reopen();

    /// <summary>Whether what is open belongs to the interface that there is now.</summary>
    protected abstract bool IsCurrent { get; }

    private void Run()
    {
        try
        {
            Begin();
            Outlet.Tick(WallClock.NowNs - BehindWallNs);
            while (!_stop.IsCancellationRequested && !IsOver)
            {
                if (_isDown && !IsCurrent)
                    Thread.Sleep(10);
                else
                    Turn();
                Copier.HandOnDue();
                if (Environment.TickCount64 - _second < SecondMilliseconds)
                    continue;
                _second = Environment.TickCount64;
                TakeKernelCounts();
                WatchInterface();
                Outlet.Tick(WallClock.NowNs - BehindWallNs);
            }
            if (IsOver)
                return;
            Outlet.Waits = true;
            Drain();
            Copier.Release();
            TakeKernelCounts();
            Outlet.Tick(PacketBatch.NoMorePackets);
        }
        catch (FlowPipeException e)
        {
            // one interface is lost; the others go on, and at its end the run says that it is no success
            Counts.AddDamaged();
            Setup.Settings.Warn(e.Message);
            Copier.Release();
            Outlet.Tick(PacketBatch.NoMorePackets);
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
        }
        finally
        {
            _done.TrySetResult();
        }
    }

    private void WatchInterface()
    {
        bool isUp = NetworkDevices.StateOf(Setup.Interface) == DeviceState.Up || Setup.Interface == "any";
        if (!isUp && !_isDown)
        {
            _isDown = true;
            Say("is down: waiting for it to come up again");
        }
        else if (isUp && _isDown)
        {
            if (!IsCurrent && !Reopen())
                return;
            _isDown = false;
            Say("is up again");
        }
        else if (isUp && !IsCurrent)
        {
            // removed and made anew between two looks
            Reopen();
        }
    }

    // once for an interface, however many lanes it has
    private void Say(string what)
    {
        if (Setup.Ring == 0)
            Setup.Settings.Warn($"{Setup.Interface} {what}");
    }
}
