using FlowPipe.Pipeline.Commands;
using FlowPipe.Pipeline.Terminal;

return await CommandLine.RunAsync(args, CommandContext.OfProcess()).ConfigureAwait(false);
