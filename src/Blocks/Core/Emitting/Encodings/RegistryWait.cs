using System.Diagnostics;
using System.Globalization;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>Waits for a registry that does not answer, and says so once in a while.</summary>
/// <param name="name">The registry's addresses.</param>
/// <param name="warn">Where it says that it waits, for what, and that it is over.</param>
internal sealed class RegistryWait(string name, Action<string> warn)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(30);

    /// <summary>Asks until there is an answer.</summary>
    /// <exception cref="FlowPipeException">The answer is an error.</exception>
    public async Task<T> UntilAnsweredAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken stop)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan sayAt = TimeSpan.Zero;
        bool waited = false;
        while (true)
        {
            try
            {
                T answer = await ask(stop).ConfigureAwait(false);
                if (waited)
                    warn($"schema registry {name}: it answers again after {Seconds(watch)} s; going on");
                return answer;
            }
            catch (SchemaRegistryException e) when (e.Fault == RegistryFault.Unreachable)
            {
                waited = true;
                if (watch.Elapsed >= sayAt)
                {
                    warn($"waiting for the {e.Message}; nothing is read until it answers (Ctrl-C gives up)");
                    sayAt = watch.Elapsed + Quiet;
                }
            }
            catch (SchemaRegistryException e)
            {
                throw RegistryFaults.ToUser(e);
            }
            await Task.Delay(Pause, stop).ConfigureAwait(false);
        }
    }

    private static string Seconds(Stopwatch watch) => watch.Elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
}
