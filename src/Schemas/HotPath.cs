using System.Runtime.CompilerServices;

namespace FlowPipe.Schemas;

/// <summary>
/// Marks what runs for every packet or every value. All else runs as it was compiled ahead of time, and nothing is compiled twice: a replay lasts
/// seconds, and the second compiler took a tenth of them (docs/performance.md). Code compiled ahead calls by way of stubs and knows neither
/// this processor nor what is constant by now; on the few methods where that counts, these options have them compiled in full at their
/// first call instead. Worth it from some million calls a second; each costs a millisecond at the start of a run.
/// </summary>
public static class HotPath
{
    /// <summary>For <see cref="MethodImplAttribute"/>.</summary>
    public const MethodImplOptions Options = MethodImplOptions.AggressiveOptimization;
}
