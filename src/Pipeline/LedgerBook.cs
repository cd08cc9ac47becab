using FlowPipe.Abstractions;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Stats;

namespace FlowPipe.Pipeline;

/// <summary>
/// DESIGN law 5: every packet and every record ends in exactly one line.
/// <code>
/// packets read  = in records + in open sessions + dropped, by reason (shed under overload in three ways)
/// records made + copied by routes = accepted by each sink = delivered + dead-lettered + spooled + evicted + failed
///                                    + committed by an earlier run + left to the next + open
/// packets given to the writer = in files + lost on their way to a disk that refused them
/// </code>
/// </summary>
internal static class LedgerBook
{
    /// <param name="reader">What was read.</param>
    /// <param name="verdicts">By <see cref="PacketRc"/>.</param>
    /// <param name="sessions">All partitions.</param>
    /// <param name="sinks">All sinks.</param>
    /// <param name="atEnd">Whether the run has ended well: nothing may be on its way then.</param>
    /// <param name="writer">The writer, if there is one.</param>
    public static Ledger Close(
        ReaderCounts reader,
        long[] verdicts,
        SessionCounts sessions,
        IReadOnlyList<SinkFigures> sinks,
        bool atEnd,
        WriterFigures? writer = null
    )
    {
        var lines = new List<LedgerLine> { Line("packets read", reader.Packets), Line("packets in records", sessions.RecordPackets) };
        if (reader.KernelPackets > 0)
            lines.Insert(0, Line("packets dropped by the kernel, not read", reader.KernelDropped));
        if (sessions.OpenPackets > 0)
            lines.Add(Line("packets in open sessions", sessions.OpenPackets));
        long dropped = 0;
        for (int i = 0; i < verdicts.Length; i++)
        {
            if (i == (int)PacketRc.DoProcess || verdicts[i] == 0)
                continue;
            dropped += verdicts[i];
            lines.Add(Line($"packets without a session: {Reason((PacketRc)i)}", verdicts[i]));
        }
        // In the order in which it comes to them: no new session, no part of the flows, nobody to take a batch.
        if (sessions.Refused > 0)
            lines.Add(Line("packets without a session: no new sessions under overload", sessions.Refused));
        if (reader.Shed > 0)
            lines.Add(Line("packets without a session: shed by readers under overload", reader.Shed));
        if (sessions.Failed > 0)
            lines.Add(Line("packets without a session: a plugin's protocol failed", sessions.Failed));
        dropped += sessions.Refused + sessions.Failed + reader.Shed;
        if (writer is not null)
            AddWriter(lines, writer);
        lines.Add(Line("records made", sessions.Records));
        foreach (SinkFigures sink in sinks)
        {
            if (sink.Copied > 0)
                lines.Add(Line($"records copied by routes at {sink.Name}", sink.Copied));
            lines.Add(Line($"records delivered to {sink.Name}", sink.Delivered));
            foreach ((string reason, long records) in sink.DeadLettered)
                lines.Add(Line($"records dead-lettered at {sink.Name}: {reason}", records));
            if (sink.Spooled > 0)
                lines.Add(Line($"records in the spool of {sink.Name}", sink.Spooled));
            if (sink.Evicted > 0)
                lines.Add(Line($"records evicted from the spool of {sink.Name}", sink.Evicted));
            if (sink.CommittedBefore > 0)
                lines.Add(Line($"records committed to {sink.Name} by an earlier run", sink.CommittedBefore));
            if (sink.Postponed > 0)
                lines.Add(Line($"records left to the next run at {sink.Name}", sink.Postponed));
            if (sink.Failed > 0)
                lines.Add(Line($"records failed at {sink.Name}", sink.Failed));
            if (sink.Open > 0)
                lines.Add(Line($"records undelivered at {sink.Name}", sink.Open));
        }
        if (!atEnd)
            return new Ledger { Lines = lines };
        string? imbalance = Imbalance(reader.Packets, dropped, sessions, sinks, writer);
        return new Ledger
        {
            Lines = lines,
            Balanced = imbalance is null,
            Imbalance = imbalance,
        };
    }

    private static string? Imbalance(
        long read,
        long dropped,
        SessionCounts sessions,
        IReadOnlyList<SinkFigures> sinks,
        WriterFigures? writer
    )
    {
        if (read != sessions.RecordPackets + dropped)
            return $"{read} packets were read, but {sessions.RecordPackets} are in records and {dropped} were dropped";
        if (writer is { Open: not 0 })
            return $"{sessions.SavedPackets} packets were given to the writer, but {writer.Packets} are in files and {writer.Lost} were lost";
        foreach (SinkFigures sink in sinks)
        {
            if (sessions.Records != sink.Accepted - sink.Copied)
                return $"{sessions.Records} records were made, but {sink.Accepted - sink.Copied} reached {sink.Name}";
            // What is open is said, and no success; a record that was counted twice would be a lie.
            if (sink.Open < 0)
                return $"{sink.Accepted} records reached {sink.Name}, but {sink.Accepted - sink.Open} have met their fates there";
        }
        return null;
    }

    private static void AddWriter(List<LedgerLine> lines, WriterFigures writer)
    {
        lines.Add(Line("packets in files", writer.Packets));
        if (writer.Open > 0)
            lines.Add(Line("packets on their way to files", writer.Open));
        if (writer.Unsaved > 0)
            lines.Add(Line("packets not kept: the disk was behind or refused", writer.Unsaved));
        if (writer.Lost > 0)
            lines.Add(Line("packets lost on their way to a disk that refused", writer.Lost));
    }

    private static LedgerLine Line(string name, long count) => new() { Name = name, Count = count };

    private static string Reason(PacketRc verdict) =>
        verdict switch
        {
            PacketRc.Corrupt => "cut short or contradictory",
            PacketRc.Held => "fragment that waits for the rest",
            PacketRc.FragmentExpired => "fragment of a datagram that never was whole",
            PacketRc.FragmentDropped => "fragment given up for lack of room",
            PacketRc.UnknownLink => "unknown link type",
            PacketRc.UnknownEther => "unknown Ethernet type",
            PacketRc.UnknownIp => "unknown IP protocol",
            PacketRc.DontProcess => "makes no session",
            PacketRc.IpDropped => "address on a drop list",
            PacketRc.IpPortDropped => "address and port on a drop list",
            PacketRc.OverloadDropped => "flows shed under overload",
            PacketRc.DuplicateDropped => "duplicate",
            PacketRc.PluginFailed => "a plugin's layer failed",
            _ => verdict.ToString(),
        };
}
