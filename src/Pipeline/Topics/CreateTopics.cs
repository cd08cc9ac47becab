using FlowPipe.Core;
using FlowPipe.Core.Administration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Topics;

/// <summary>Creates what is missing on a cluster and says what it did.</summary>
/// <param name="context">Where it says so.</param>
/// <param name="isDryRun">Whether it only says what it would do.</param>
internal sealed class CreateTopics(CommandContext context, bool isDryRun)
{
    /// <returns>Whether all topics are there now.</returns>
    /// <exception cref="FlowPipeException">The brokers don't answer.</exception>
    public async Task<bool> RunAsync(TopicAdmin admin, IReadOnlyList<PlannedTopic> planned, CancellationToken stop)
    {
        IReadOnlyList<TopicAnswer> found = await admin
            .DescribeAsync([.. planned.Select(static one => one.Topic.Name)])
            .ConfigureAwait(false);
        var missing = new List<PlannedTopic>();
        bool all = true;
        for (int i = 0; i < planned.Count; i++)
        {
            if (found[i].Fault is { } fault)
            {
                context.Status.Message($"{admin.Name}/{found[i].Name}: {fault}");
                all = false;
            }
            else if (found[i].Topic is { } topic)
                Keep(planned[i], topic);
            else
                missing.Add(planned[i]);
        }
        return missing.Count == 0 ? all : await CreateAsync(admin, missing, stop).ConfigureAwait(false) && all;
    }

    private void Keep(PlannedTopic planned, TopicDefinition topic)
    {
        string[] differences = [.. planned.Differences(topic)];
        context.Out.Write(
            differences.Length == 0
                ? $"{topic.Name}: is there\n"
                : $"{topic.Name}: is there and stays as it is, but differs: {string.Join("; ", differences)}\n"
        );
    }

    private async Task<bool> CreateAsync(TopicAdmin admin, List<PlannedTopic> missing, CancellationToken stop)
    {
        IReadOnlyList<TopicAnswer> answers = await admin
            .CreateAsync([.. missing.Select(static one => one.Topic)], isDryRun)
            .ConfigureAwait(false);
        var created = new List<string>();
        bool all = true;
        for (int i = 0; i < answers.Count; i++)
        {
            if (answers[i].Fault is { } fault)
            {
                context.Status.Message($"{admin.Name}/{answers[i].Name}: it can't be created: {fault}");
                all = false;
                continue;
            }
            context.Out.Write(
                isDryRun ? $"{answers[i].Name}: would be created: {missing[i]}\n"
                : answers[i].IsNew ? $"{answers[i].Name}: created: {missing[i]}\n"
                : $"{answers[i].Name}: is there, somebody else has created it just now\n"
            );
            created.Add(answers[i].Name);
        }
        if (isDryRun || created.Count == 0)
            return all;
        if (await admin.AreKnownAsync(created, stop).ConfigureAwait(false))
            return all;
        context.Status.Message($"{admin.Name}: not all topics that were created have a leader yet; 'flowpipe topics check' tells when");
        return false;
    }
}
