using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// Reads interfaces, each by one lane or several. All of it is opened at once, before anything is read, so that privileges can be dropped in between.
/// </summary>
public sealed class LivePacketReader : IPacketReader, IDisposable
{
    private const int MaxLanes = 256; // a packet says in one byte who brought it
    private readonly List<LiveLane> _lanes = [];
    private readonly LiveReaderSettings _settings;

    private LivePacketReader(LiveReaderSettings settings, LiveControl live)
    {
        _settings = settings;
        Live = live;
    }

    /// <summary>All lanes' counters, added up.</summary>
    public ReaderCounts Counts
    {
        get
        {
            var sum = new ReaderCounts();
            foreach (LiveLane lane in _lanes)
                sum.Add(lane.Counts);
            return sum;
        }
    }

    public LiveControl? Live { get; }

    /// <summary>What it reads, in words.</summary>
    public string Description { get; private set; } = "";

    /// <summary>Opens the interfaces. Nothing is read before <see cref="ReadAsync"/>.</summary>
    /// <exception cref="FlowPipeException">One of them can't be opened.</exception>
    public static LivePacketReader Open(LiveReaderSettings settings)
    {
        if (settings.Interfaces.Count == 0)
            throw new FlowPipeException("there is no interface to listen to: give -i NAME ('flowpipe interfaces' lists them)")
            {
                IsWrongUsage = true,
            };
        bool rings = settings.PcapReadMethod == LiveReaderSettings.PacketRings;
        if (rings && settings.Tpacketv3BlockSize % Environment.SystemPageSize != 0)
            throw new FlowPipeException(
                $"capture.tpacketv3BlockSize is {settings.Tpacketv3BlockSize}, but must be a multiple of the page size, {Environment.SystemPageSize}"
            )
            {
                IsWrongUsage = true,
            };
        int each = rings ? settings.Tpacketv3NumThreads : 1;
        if (settings.Interfaces.Count * each > MaxLanes)
            throw new FlowPipeException($"{settings.Interfaces.Count} interfaces with {each} rings each are more than {MaxLanes} rings")
            {
                IsWrongUsage = true,
            };
        var reader = new LivePacketReader(settings, new LiveControl(settings.Interfaces.Count * each));
        try
        {
            reader.OpenLanes(rings, each);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public async Task ReadAsync(ITargetBlock<PacketBatch> enqueue, CancellationToken stop)
    {
        // a graph that has faulted takes nothing and returns nothing: who waits for it must be woken
        using var over = new CancellationTokenSource();
        using var done = new CancellationTokenSource();
        Task watching = CloseWhenOverAsync(enqueue.Completion, over, done.Token);
        var lanes = new Task[_lanes.Count];
        for (int i = 0; i < lanes.Length; i++)
        {
            _lanes[i].Start(enqueue, stop, over.Token);
            lanes[i] = _lanes[i].Completion;
        }
        await Task.WhenAll(lanes).ConfigureAwait(false);
        await done.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
    }

    public void Dispose()
    {
        foreach (LiveLane lane in _lanes)
            lane.Dispose();
    }

    private async Task CloseWhenOverAsync(Task completion, CancellationTokenSource over, CancellationToken done)
    {
        if (await Task.WhenAny(completion, Task.Delay(Timeout.Infinite, done)).ConfigureAwait(false) != completion)
            return;
        await over.CancelAsync().ConfigureAwait(false);
        foreach (LiveLane lane in _lanes)
            lane.Close();
    }

    private void OpenLanes(bool rings, int each)
    {
        long epoch = CaptureEpoch.Next(_settings.StateDir.Length == 0 ? CaptureEpoch.DefaultDirectory() : _settings.StateDir);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int group = _settings.Tpacketv3ClusterId;
        foreach (string text in _settings.Interfaces)
        {
            CaptureInterface wanted = CaptureInterface.Parse(text);
            if (!seen.Add(wanted.Name))
                throw new FlowPipeException($"interface {wanted.Name} is given twice: its packets would count twice")
                {
                    IsWrongUsage = true,
                };
            string? bpf = wanted.Bpf ?? _settings.Bpf;
            if (!rings && wanted.Name == "any")
                AddLane(wanted.Name, 0, epoch, setup => new LibpcapLane(setup, bpf));
            else if (NetworkDevices.IndexOf(wanted.Name) == 0)
                throw NetworkDevices.Unknown(wanted.Name);
            else if (!rings)
                AddLane(wanted.Name, 0, epoch, setup => new LibpcapLane(setup, bpf));
            else
                OpenRings(wanted.Name, bpf, group++, each, epoch);
            Description += (Description.Length == 0 ? "" : ", ") + wanted.Name + (string.IsNullOrWhiteSpace(bpf) ? "" : $" ({bpf})");
        }
        Description += rings ? $", by {_lanes.Count} packet ring{(_lanes.Count == 1 ? "" : "s")}" : ", by libpcap";
    }

    private void OpenRings(string name, string? bpf, int group, int each, long epoch)
    {
        if (NetworkDevices.WhyNot() is not null)
            throw LiveErrors.NoPermission(name);
        // what does not fit into a block would never come
        int snapLen = Math.Min(_settings.SnapLen, _settings.Tpacketv3BlockSize - 4_096);
        KernelFilter filter = KernelFilter.Compile(name, bpf, snapLen);
        for (int ring = 0; ring < each; ring++)
            AddLane(name, ring, epoch, setup => new RingLane(setup, group, filter));
    }

    private void AddLane(string name, int ring, long epoch, Func<LaneSetup, LiveLane> open)
    {
        int number = _lanes.Count;
        var source = new PacketSource(number, CaptureEpoch.Fingerprint(epoch, name, ring), $"interface:{name}");
        _lanes.Add(open(new LaneSetup(name, ring, (byte)number, source, Live!.Overload, _settings)));
    }
}
