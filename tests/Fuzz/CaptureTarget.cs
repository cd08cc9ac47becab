using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Pipeline;
using FlowPipe.Pipeline.Plugins;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// A whole capture, as the standard input would bring it, through the whole pipeline: no exception, no hang, and a ledger that balances.
/// </summary>
public static class CaptureTarget
{
    private static readonly Lazy<List<IFlowPipePlugin>> Plugins = new(static () =>
        PluginLoader.Load(new PluginSettings(), static _ => { })
    );
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(20);

    public static void Run(ReadOnlySpan<byte> capture) => RunAsync(capture.ToArray()).WaitAsync(Watchdog).GetAwaiter().GetResult();

    private static async Task RunAsync(byte[] capture)
    {
        await using var sink = new NullSink();
        var run = new PipelineRun(
            new PipelineOptions
            {
                // Small limits, so that they are met.
                Sessions = new SessionSettings
                {
                    MaxPackets = 20,
                    MaxStreams = 16,
                    MaxTcpOutOfOrderPackets = 4,
                    MaxTcpOutOfOrderBytes = 4096,
                    TcpGapTimeout = 2,
                    SessionIdTracking = "both",
                    StopOnParserFault = true,
                },
                Records = new RecordSettings(),
                Reading = new FileReaderSettings
                {
                    Inputs = [new CaptureInput(CaptureInput.StandardInput)],
                    OpenStandardInput = () => new MemoryStream(capture),
                    Blocks = 4,
                    Batches = 4,
                },
                Plugins = Plugins.Value,
                Partitions = 2,
                Sinks = [sink],
                Warn = static _ => { },
            }
        );
        RunResult result = await run.RunAsync(CancellationToken.None, CancellationToken.None);
        if (result.Final.Ledger.Balanced != true)
            throw new InvalidOperationException($"the ledger does not balance: {result.Final.Ledger.Imbalance}");
    }
}
