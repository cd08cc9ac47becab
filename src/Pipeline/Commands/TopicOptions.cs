using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary>The options that say which part of a topic is read.</summary>
/// <param name="group">Whether it may be read as a member of a consumer group.</param>
internal sealed class TopicOptions(bool group = true)
{
    private readonly Option<string> _group = new("--group", "-g")
    {
        Description = "Read as a member of this consumer group, and go on where it left off; its members share the partitions",
        HelpName = "NAME",
    };
    private readonly Option<int[]> _partitions = new("--partition", "-p")
    {
        Description = "Only this partition; may be repeated",
        HelpName = "N",
    };
    private readonly Option<long> _offset = new("--offset", "-o")
    {
        Description = "Only the message at this offset of the one --partition",
        HelpName = "N",
    };
    private readonly Option<string> _since = new("--since")
    {
        Description = "Messages sent from then on: 2026-05-01T12:00:00Z, or how long ago as 90s, 15m, 2h, 1d",
        HelpName = "TIME",
    };
    private readonly Option<string> _until = new("--until") { Description = "Messages sent before then", HelpName = "TIME" };

    /// <summary>Opens the topic that a source names.</summary>
    /// <exception cref="WrongUsageException">It names none.</exception>
    /// <exception cref="FlowPipeException">It can't be had.</exception>
    public static Task<TopicSource> OpenAsync(
        string source,
        FlowPipeSettings settings,
        TopicReading reading,
        CommandContext context,
        CancellationToken stop
    )
    {
        RecordTopic topic = WrongUsageException.From(() => RecordTopic.Parse(source, settings.Registry));
        return TopicSource.OpenAsync(topic.Target, settings with { Registry = topic.Registry }, reading, embedded: null, context, stop);
    }

    public void AddTo(Command command)
    {
        _partitions.Validators.Add(result =>
        {
            foreach (int partition in result.GetValueOrDefault<int[]>() ?? [])
            {
                if (partition < 0)
                    result.AddError("--partition must be a whole number from 0");
            }
        });
        _offset.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<long>() < 0)
                result.AddError("--offset must be a whole number from 0");
        });
        if (group)
            command.Add(_group);
        command.Add(_partitions);
        command.Add(_offset);
        command.Add(_since);
        command.Add(_until);
    }

    /// <summary>The first of them that is given, or null.</summary>
    public string? Given(ParseResult line)
    {
        foreach (Option option in (Option[])[_group, _partitions, _offset, _since, _until])
        {
            if (line.GetResult(option) is { Implicit: false })
                return option.Name;
        }
        return null;
    }

    /// <exception cref="WrongUsageException">They contradict each other, or a time is none.</exception>
    public TopicReading Reading(ParseResult line, bool follow)
    {
        string? member = group ? line.GetValue(_group) : null;
        int[] partitions = line.GetValue(_partitions) ?? [];
        string? since = line.GetValue(_since);
        string? until = line.GetValue(_until);
        long? offset = line.GetResult(_offset) is { Implicit: false } ? line.GetValue(_offset) : null;
        if (member is not null && (partitions.Length > 0 || since is not null || until is not null))
            throw new WrongUsageException(
                "--group goes on where the group left off, in the partitions that it is given; leave out --partition, --since and --until"
            );
        if (offset is not null && (partitions.Length != 1 || since is not null || until is not null || follow))
            throw new WrongUsageException(
                "--offset is that of one message: give the --partition that it is in, and nothing else of the kind"
            );
        if (member is "")
            throw new WrongUsageException("--group must not be empty");
        if (follow && until is not null)
            throw new WrongUsageException("--follow has no end; leave out --until");
        try
        {
            DateTime now = DateTime.UtcNow;
            return new TopicReading
            {
                Follow = follow,
                Group = member,
                Partitions = partitions,
                Offset = offset,
                Since = since is null ? null : TimePoint.Parse("--since", since, now),
                Until = until is null ? null : TimePoint.Parse("--until", until, now),
            };
        }
        catch (FlowPipeException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }
}
