using FlowPipe.Abstractions;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Writing;

namespace FlowPipe.Core.Sessions;

/// <summary>What all partitions of a run share: immutable.</summary>
internal sealed record PartitionSetup
{
    public required SessionSettings Sessions { get; init; }
    public required RecordSettings Records { get; init; }
    public required RecordForms Forms { get; init; }
    public required Tracking Tracking { get; init; }
    public required MProtocol[] Protocols { get; init; }
    public required CoreFields Fields { get; init; }
    public required ParserTables Parsers { get; init; }
    public required PluginFaults Faults { get; init; }

    /// <summary>Keeps the packets of sessions; null where they stay in what was read.</summary>
    public PcapAppender? Appender { get; init; }
    public required int Partitions { get; init; }

    /// <summary>Who says whether new sessions are taken; null where they always are.</summary>
    public OverloadControl? Overload { get; init; }
}
