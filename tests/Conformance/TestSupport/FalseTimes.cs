namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>What goes wrong with the times of real captures, done to good ones. The same seed gives the same capture.</summary>
internal static class FalseTimes
{
    private const long Second = 1_000_000_000;

    public static IReadOnlyList<(string Name, Func<List<CapturedPacket>, Random, List<CapturedPacket>> Alter)> All { get; } =
    [
        ("neighbours swapped", SwapNeighbours),
        ("shuffled within windows", ShuffleWindows),
        ("random stamps", RandomStamps),
        ("stamps from the future", FutureStamps),
        ("stamps going back", GoingBack),
    ];

    /// <summary>
    /// Stretches a capture to a thousand seconds or so, with pauses, for sessions to time out in; the samples were recorded in a few.
    /// </summary>
    public static List<CapturedPacket> Stretch(List<CapturedPacket> packets, Random random)
    {
        long now = packets[0].TimestampNs;
        var stretched = new List<CapturedPacket>(packets.Count);
        foreach (CapturedPacket packet in packets)
        {
            now += random.Next(10) == 0 ? random.NextInt64(20 * Second) : random.NextInt64(2 * Second);
            stretched.Add(packet with { TimestampNs = now });
        }
        return stretched;
    }

    private static List<CapturedPacket> SwapNeighbours(List<CapturedPacket> packets, Random random)
    {
        List<CapturedPacket> altered = [.. packets];
        for (int i = 1; i < altered.Count; i++)
        {
            if (random.Next(4) == 0)
                (altered[i - 1], altered[i]) = (altered[i], altered[i - 1]);
        }
        return altered;
    }

    /// <summary>As a capture merged from several queues looks: order is lost over dozens of packets.</summary>
    private static List<CapturedPacket> ShuffleWindows(List<CapturedPacket> packets, Random random)
    {
        CapturedPacket[] altered = [.. packets];
        for (int i = 0; i < altered.Length; )
        {
            int window = Math.Min(random.Next(2, 40), altered.Length - i);
            random.Shuffle(altered.AsSpan(i, window));
            i += window;
        }
        return [.. altered];
    }

    private static List<CapturedPacket> RandomStamps(List<CapturedPacket> packets, Random random) =>
        [.. packets.Select(packet => random.Next(10) == 0 ? Move(packet, random.NextInt64(-7_200 * Second, 7_200 * Second)) : packet)];

    /// <summary>One at a time, which must not move the clock; and two in a row, which may.</summary>
    private static List<CapturedPacket> FutureStamps(List<CapturedPacket> packets, Random random)
    {
        List<CapturedPacket> altered = [.. packets];
        for (int i = 0; i + 1 < altered.Count; i++)
        {
            if (random.Next(25) > 0)
                continue;
            long ahead = random.Next(3) switch
            {
                0 => random.NextInt64(600 * Second),
                1 => 86_400 * Second,
                _ => 10L * 365 * 86_400 * Second,
            };
            altered[i] = Move(altered[i], ahead);
            if (random.Next(8) == 0)
                altered[i + 1] = Move(altered[i + 1], ahead / 2);
        }
        return altered;
    }

    /// <summary>As when the clock of the capturing machine is set: all that follows is earlier.</summary>
    private static List<CapturedPacket> GoingBack(List<CapturedPacket> packets, Random random)
    {
        var altered = new List<CapturedPacket>(packets.Count);
        long by = 0;
        foreach (CapturedPacket packet in packets)
        {
            if (random.Next(30) == 0)
                by -= random.NextInt64(120 * Second);
            altered.Add(Move(packet, by));
        }
        return altered;
    }

    /// <summary>Within what a pcap can say: 32 bits of seconds.</summary>
    private static CapturedPacket Move(CapturedPacket packet, long by) =>
        packet with
        {
            TimestampNs = Math.Clamp(packet.TimestampNs + by, 0, uint.MaxValue * Second),
        };
}
