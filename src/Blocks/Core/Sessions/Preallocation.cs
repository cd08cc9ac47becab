namespace FlowPipe.Core.Sessions;

/// <summary>Whether the sessions of <c>flow.prealloc</c> can be had: said at the start, since later it would be a crash under load.</summary>
internal static class Preallocation
{
    public static void Check(SessionSettings settings)
    {
        if (settings.Prealloc == 0)
            return;
        long bytes = (long)settings.Prealloc * FlowSession.BareBytes;
        if (settings.Prealloc > settings.MaxStreams)
            throw Failed(settings, $"sessions.maxStreams allows {settings.MaxStreams}");
        if (settings.MemoryCap > 0 && bytes > settings.MemoryCap)
            throw Failed(settings, $"they take {bytes} bytes, and flow.memcap allows {settings.MemoryCap}");
        // Asked before, because the system promises memory that it does not have.
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available)
            throw Failed(settings, $"they take {bytes} bytes, and there are {available}");
        foreach (FaultSwitch fault in settings.Simulate)
        {
            if (fault.Fault == Fault.Prealloc)
                throw Failed(settings, "there is not so much memory (simulated)");
        }
    }

    public static FlowPipeException Failed(SessionSettings settings, string why, Exception? inner = null)
    {
        string message = $"flow.prealloc: {settings.Prealloc} sessions can't be had: {why}; lower it, or allow more";
        return inner is null ? new FlowPipeException(message) : new FlowPipeException(message, inner);
    }
}
