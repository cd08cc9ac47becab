using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class FlowTableTests
{
    private static readonly CoreFields Fields = new(FieldDictionary.Default);

    // Hashes from few values, some of them in the last buckets, so that runs collide, touch and wrap around.
    private static readonly Gen<(int Key, ulong Hash, bool Remove)> Step = Gen.Select(
        Gen.Int[0, 60],
        Pick.From(0UL, 1UL, 2UL, 4094UL, 4095UL, 4096UL, 0xFFFF_0000_0000_0FFEUL),
        Gen.Bool
    );

    [Fact]
    public void IsADictionary()
    {
        Step.Array[0, 200]
            .Sample(
                steps =>
                {
                    var table = new FlowTable();
                    var model = new Dictionary<int, FlowSession>();
                    var hashes = new Dictionary<int, ulong>();
                    foreach ((int key, ulong hash, bool remove) in steps)
                    {
                        hashes.TryAdd(key, hash); // a key's hash is a function of the key
                        if (remove)
                        {
                            if (model.Remove(key, out FlowSession? session))
                                table.Remove(session);
                        }
                        else if (!model.ContainsKey(key))
                        {
                            FlowSession session = Session(key, hashes[key]);
                            model.Add(key, session);
                            table.Add(session);
                        }
                        AssertSame(table, model, hashes);
                    }
                },
                iter: 60
            );
    }

    [Fact]
    public void GrowsBySegmentsAndKeepsEverySession()
    {
        var table = new FlowTable();
        var sessions = new FlowSession[100_000];
        for (int i = 0; i < sessions.Length; i++)
        {
            int before = table.Capacity;
            table.Add(sessions[i] = Session(i, (ulong)i * 0x9E3779B97F4A7C15));
            // No packet waits for more than a segment to be made.
            Assert.InRange(table.Capacity - before, 0, 1024);
        }
        Assert.Equal(sessions.Length, table.Count);
        Assert.InRange(table.Capacity, sessions.Length / 5 * 8, sessions.Length * 5);
        Assert.InRange(table.MemoryBytes, 16L * table.Capacity, 17L * table.Capacity);
        for (int i = 0; i < sessions.Length; i += 2)
            table.Remove(sessions[i]);
        for (int i = 0; i < sessions.Length; i++)
            Assert.Same(i % 2 == 0 ? null : sessions[i], table.Find(sessions[i].Hash, Id(i)));
        for (int i = 1; i < sessions.Length; i += 2)
            table.Remove(sessions[i]);
        Assert.Equal((0, 1024, 1), (table.Count, table.Capacity, table.Segments));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL << 10)] // alike in all bits but one
    [InlineData(1UL << 32)] // alike in all bits that the table looks at
    public void HoldsKeysOfOneHash(ulong difference)
    {
        // What the salt prevents; if it happened all the same it would cost time, not memory.
        var table = new FlowTable();
        FlowSession[] sessions = [.. Enumerable.Range(0, 3000).Select(i => Session(i, 77 + ((ulong)(i & 1) * difference)))];
        foreach (FlowSession session in sessions)
            table.Add(session);
        Assert.InRange(table.Capacity, 3000, 40_000);
        Assert.InRange(table.MemoryBytes, 0, 1_000_000);
        for (int i = 0; i < sessions.Length; i++)
            Assert.Same(sessions[i], table.Find(sessions[i].Hash, Id(i)));
        foreach (FlowSession session in sessions)
            table.Remove(session);
        Assert.Equal(0, table.Count);
    }

    private static void AssertSame(FlowTable table, Dictionary<int, FlowSession> model, Dictionary<int, ulong> hashes)
    {
        Assert.Equal(model.Count, table.Count);
        foreach ((int key, ulong hash) in hashes)
            Assert.Same(model.GetValueOrDefault(key), table.Find(hash, Id(key)));
    }

    private static FlowSession Session(int key, ulong hash) => new(Fields) { Id = Id(key), Hash = hash };

    private static SessionId Id(int key)
    {
        var id = new SessionId { Count = 3 };
        id.Words[1] = (ulong)key;
        return id;
    }
}
