using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class SessionPoolTests
{
    private readonly CoreFields _fields = new(FieldDictionary.Default);
    private readonly BytePool _bytes = new();

    [Fact]
    public void MakesSessionsInBlocksAndCountsThem()
    {
        var pool = new SessionPool(_fields, _bytes);
        FlowSession first = pool.Take();
        Assert.Equal((127, 1, 0L), (pool.Spare, pool.InUse, pool.Recycled));
        pool.Return(first);
        Assert.Equal((128, 0, 1L), (pool.Spare, pool.InUse, pool.Recycled));
        Assert.Same(first, pool.Take());
    }

    [Fact]
    public void KeepsNoMoreThanItMayNeed()
    {
        var pool = new SessionPool(_fields, _bytes);
        FlowSession[] taken = [.. Enumerable.Range(0, 20_000).Select(_ => pool.Take())];
        Assert.Equal(20_000, taken.Distinct().Count());
        foreach (FlowSession session in taken)
            pool.Return(session);
        Assert.Equal(0, pool.InUse);
        Assert.InRange(pool.Spare, 128, 10_000);
    }

    [Fact]
    public void AReturnedSessionIsAsNew()
    {
        var pool = new SessionPool(_fields, _bytes);
        FlowSession used = pool.Take();
        used.Protocol = new UdpProtocol();
        used.HasIp = true;
        used.AddTag("old"u8);
        used.Positions.Add(_bytes, new PacketSource(0, "f", "u"), 24, 76);
        used.GatherPayload(Side.Client, "old"u8);
        used.Packets.Add(Side.Client, 3);
        used.Tcp.Syn = 1;
        used.Tcp.Client.Following = true;
        used.MarkForClose(EndReason.Rst);
        used.StartSegment();
        pool.Return(used);

        Assert.Equal(0, _bytes.Lent);
        FlowSession again = pool.Take();
        Assert.Same(used, again);
        Assert.True(again.Fields.IsEmpty);
        Assert.False(again.HasIp || again.Closing || again.Tcp.Client.Following);
        Assert.Equal((0L, 0, 0, -1), (again.Packets.Sum, again.Segment, again.Tcp.Syn + again.ClientPayload8Length, again.WheelSlot));
    }
}
