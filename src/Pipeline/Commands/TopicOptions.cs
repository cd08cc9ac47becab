using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;
using FlowPipe.Pipeline.Consuming;

namespace FlowPipe.Pipeline.Commands;

/// <summary>The options of <c>consume</c> that say which part of a topic is read.</summary>
internal sealed class TopicOptions
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
    private readonly Option<string> _since = new("--since")
    {
        Description = "Messages sent from then on: 2026-05-01T12:00:00Z, or how long ago as 90s, 15m, 2h, 1d",
        HelpName = "TIME",
    };
    private readonly Option<string> _until = new("--until") { Description = "Messages sent before then", HelpName = "TIME" };

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
        command.Add(_group);
        command.Add(_partitions);
        command.Add(_since);
        command.Add(_until);
    }

    /// <summary>The first of them that is given, or null.</summary>
    public string? Given(ParseResult line)
    {
        foreach (Option option in (Option[])[_group, _partitions, _since, _until])
        {
            if (line.GetResult(option) is { Implicit: false })
                return option.Name;
        }
        return null;
    }

    /// <exception cref="WrongUsageException">They contradict each other, or a time is none.</exception>
    public TopicReading Reading(ParseResult line, bool follow)
    {
        string? group = line.GetValue(_group);
        int[] partitions = line.GetValue(_partitions) ?? [];
        string? since = line.GetValue(_since);
        string? until = line.GetValue(_until);
        if (group is not null && (partitions.Length > 0 || since is not null || until is not null))
            throw new WrongUsageException(
                "--group goes on where the group left off, in the partitions that it is given; leave out --partition, --since and --until"
            );
        if (group is "")
            throw new WrongUsageException("--group must not be empty");
        if (follow && until is not null)
            throw new WrongUsageException("--follow has no end; leave out --until");
        try
        {
            DateTime now = DateTime.UtcNow;
            return new TopicReading
            {
                Follow = follow,
                Group = group,
                Partitions = partitions,
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
