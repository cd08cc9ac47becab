using FlowPipe.Core;
using FlowPipe.Core.Administration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Topics;

/// <summary>Says how a cluster's topics differ from what they should be.</summary>
internal sealed class CheckTopics(CommandContext context)
{
    /// <returns>Whether they don't.</returns>
    /// <exception cref="FlowPipeException">The brokers don't answer.</exception>
    public async Task<bool> RunAsync(TopicAdmin admin, IReadOnlyList<PlannedTopic> planned, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        IReadOnlyList<TopicAnswer> found = await admin
            .DescribeAsync([.. planned.Select(static one => one.Topic.Name)])
            .ConfigureAwait(false);
        bool all = true;
        for (int i = 0; i < planned.Count; i++)
        {
            string name = found[i].Name;
            if (found[i].Fault is { } fault)
            {
                context.Status.Message($"{admin.Name}/{name}: {fault}");
                all = false;
                continue;
            }
            string[] differences = found[i].Topic is { } topic ? [.. planned[i].Differences(topic)] : ["missing"];
            foreach (string difference in differences)
                context.Out.Write($"{name}: {difference}\n");
            if (differences.Length == 0)
                context.Out.Write($"{name}: as it should be\n");
            all &= differences.Length == 0;
        }
        return all;
    }
}
