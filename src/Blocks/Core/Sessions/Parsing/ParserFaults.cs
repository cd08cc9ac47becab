using System.Collections.Concurrent;

namespace FlowPipe.Core.Sessions.Parsing;

/// <summary>What is done about exceptions out of parsers, for all partitions: said once for each parser, or the end of the run.</summary>
/// <param name="stop">Whether an exception ends the run.</param>
/// <param name="warn">Where it is said.</param>
internal sealed class ParserFaults(bool stop, Action<string>? warn)
{
    private readonly ConcurrentDictionary<string, bool> _said = new(StringComparer.Ordinal);

    public bool Stop => stop;

    public void Say(string parser, Exception fault)
    {
        if (_said.TryAdd(parser, true))
        {
            warn?.Invoke(
                $"parser {parser} has an error and was taken off the session; it is only said this once, the count is in the stats "
                    + $"(sessions.stopOnParserFault ends the run instead): {fault}"
            );
        }
    }
}
