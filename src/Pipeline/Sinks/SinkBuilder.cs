using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Sinks;

internal static class SinkBuilder
{
    public static IReadOnlyList<ISpiSink> Create(FlowPipeSettings settings, CommandContext context) => throw new FlowPipeException($"no sinks yet {settings.To.Count} {context.OutIsTerminal}");
}
