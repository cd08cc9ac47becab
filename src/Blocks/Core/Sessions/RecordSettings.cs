using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>What goes into a record.</summary>
public sealed record RecordSettings
{
    /// <summary>Name of the sensor; part of every record's id.</summary>
    public string Node { get; init; } = "replay";

    /// <summary>Tags for every record.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Whether records say where their packets are.</summary>
    public bool Positions { get; init; } = true;

    /// <summary>Whether records have the length of each packet (Arkime's <c>enablePacketLen</c>).</summary>
    public bool EnablePacketLen { get; init; } = true;

    /// <summary>
    /// Whether known errors of Arkime are repeated, so that indices made by both agree (docs/decisions.md lists them).
    /// </summary>
    public bool ArkimeQuirks { get; init; }

    /// <summary>In sessions3 documents: whether packet positions are written as Arkime's gaps, else as absolute offsets.</summary>
    public bool GapPacketPos { get; init; } = true;

    /// <summary>In sessions3 documents: whether what Arkime does not have (ids, end reason) is there, under <c>flowpipe</c>.</summary>
    public bool Sessions3Extras { get; init; } = true;

    /// <summary>Further topics for some of them; a record says which ones take it.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>What of it may leave the sensor; null for all.</summary>
    public FieldPolicy? Fields { get; init; }
}
