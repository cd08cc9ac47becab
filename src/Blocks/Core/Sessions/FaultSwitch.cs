using System.Globalization;

namespace FlowPipe.Core.Sessions;

/// <summary>What is made to fail.</summary>
public enum Fault
{
    /// <summary>The memory cap counts as reached.</summary>
    Memcap,

    /// <summary>There count as many sessions as <c>maxStreams</c> allows.</summary>
    MaxStreams,

    /// <summary>The sessions of <c>prealloc</c> can't be had.</summary>
    Prealloc,
}

/// <summary>A fault that is made to happen, for tests and drills.</summary>
/// <param name="Fault">Which.</param>
/// <param name="Packet">At which packet of the run, from 1; 0 for the start.</param>
public readonly record struct FaultSwitch(Fault Fault, long Packet)
{
    /// <summary>What <see cref="Parse"/> takes.</summary>
    public const string Forms = "memcap@N, maxstreams@N (at the Nth packet, from 1) or prealloc";

    /// <summary>Reads <c>memcap@1000</c>.</summary>
    /// <exception cref="FlowPipeException">It is none.</exception>
    public static FaultSwitch Parse(string text)
    {
        string[] parts = text.Split('@');
        if (parts is ["prealloc"])
            return new FaultSwitch(Fault.Prealloc, 0);
        if (
            parts is ["memcap" or "maxstreams", var at]
            && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out long packet)
            && packet > 0
        )
            return new FaultSwitch(parts[0] == "memcap" ? Fault.Memcap : Fault.MaxStreams, packet);
        throw new FlowPipeException($"--simulate {text}: it must be {Forms}") { IsWrongUsage = true };
    }
}
