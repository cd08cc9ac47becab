using System.Collections.Concurrent;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>
/// DESIGN law 2: records are a function of the packets alone. Runs the same input with 1, 2, 4 and 16 partitions, three times each, in random
/// batches and blocks and, as always, with a random salt, and compares the records byte by byte, ids included.
/// </summary>
internal sealed class Determinism(SessionSettings sessions)
{
    private static readonly int[] Partitions = [1, 2, 4, 16];
    private const int Runs = 3;
    private readonly ConcurrentQueue<string> _failures = [];
    private long _records;

    /// <summary>Checks many captures at a time and fails with the names of those that are not the same every time.</summary>
    public static async Task CheckAllAsync<T>(
        IEnumerable<T> captures,
        Func<T, string> name,
        Func<Determinism, T, Task> check,
        SessionSettings? sessions = null
    )
    {
        var determinism = new Determinism(sessions ?? new SessionSettings());
        await Parallel.ForEachAsync(
            captures,
            async (capture, _) =>
            {
                try
                {
                    await check(determinism, capture);
                }
                catch (Exception e)
                {
                    determinism._failures.Enqueue($"{name(capture)}: {e}");
                }
            }
        );
        Assert.True(determinism._failures.IsEmpty, string.Join('\n', determinism._failures));
        Assert.True(determinism._records > 0, "no capture made a record");
    }

    /// <summary>All runs against the first, which has the default sizes and one partition.</summary>
    public async Task<RecordSet> CheckAsync(string name, FileReaderSettings reading)
    {
        RecordSet expected = await Run(reading, 1).AvroAsync();
        Interlocked.Add(ref _records, expected.Count);
        int longest = await ReadingVariants.LongestRecordAsync(reading);
        foreach (int partitions in Partitions)
        {
            for (int i = 0; i < Runs; i++)
            {
                FileReaderSettings variant = ReadingVariants.WithRandomSizes(reading, longest, Random.Shared);
                RecordSet actual = await Run(variant, partitions).AvroAsync();
                Expect(expected, actual, $"{name}, {partitions} partitions, {ReadingVariants.Describe(variant)}");
            }
        }
        return expected;
    }

    /// <summary>Another way to the same packets: the records are the same but for where the capture was found.</summary>
    public async Task CheckOtherWayAsync(RecordSet expectedWithoutUris, string name, FileReaderSettings reading)
    {
        int partitions = Partitions[Random.Shared.Next(Partitions.Length)];
        RecordSet actual = await Run(reading, partitions).AvroAsync();
        Expect(expectedWithoutUris, actual.WithoutUris(), $"{name}, {partitions} partitions");
    }

    private InProcessRun Run(FileReaderSettings reading, int partitions) =>
        new()
        {
            Reading = reading,
            Partitions = partitions,
            Sessions = sessions,
        };

    private void Expect(RecordSet expected, RecordSet actual, string name)
    {
        if (actual.DifferenceFrom(expected) is { } difference)
            _failures.Enqueue($"{name}: {difference}");
    }
}
