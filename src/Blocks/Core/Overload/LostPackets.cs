namespace FlowPipe.Core.Overload;

/// <summary>Packets of a live run that nobody has seen, so far. Sessions note it when they begin, so that their records can say what was lost meanwhile.</summary>
/// <param name="Kernel">Dropped by the kernel for lack of room.</param>
/// <param name="Shed">Shed by us under overload.</param>
internal readonly record struct LostPackets(long Kernel, long Shed)
{
    public bool IsNone => Kernel == 0 && Shed == 0;

    public LostPackets Since(LostPackets before) => new(Kernel - before.Kernel, Shed - before.Shed);
}
