namespace FlowPipe.Schemas;

/// <summary>What <c>sessions3</c> documents look like.</summary>
public sealed record Sessions3Options
{
    /// <summary>
    /// Whether packet positions are written as Arkime's gaps: for each file its number, negated, then the first position, then the distance
    /// of each packet from the one before it, 0 standing for "the same distance as before". Else as absolute offsets, without the files.
    /// </summary>
    public bool GapPacketPos { get; init; } = true;

    /// <summary>Whether a record without packets has an empty list of their positions, as Arkime's documents.</summary>
    public bool EmptyPacketPos { get; init; }

    /// <summary>Whether it has an empty list of their lengths, too.</summary>
    public bool EmptyPacketLen { get; init; }

    /// <summary>Whether what Arkime does not have (ids, end reason) is there, under <c>flowpipe</c>.</summary>
    public bool Extras { get; init; } = true;
}
