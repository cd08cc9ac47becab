using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class SessionPoolTests
{
    private readonly CoreFields _fields = new(FieldDictionary.Default);
    private readonly BytePool _bytes = new();
    private readonly SourceTable _sources = new();

    [Fact]
    public void MakesSessionsInBlocksAndCountsThem()
    {
        var pool = new SessionPool(_fields, _bytes, _sources);
        FlowSession first = pool.Take(isTcp: false);
        Assert.Equal((127, 1, 0L), (pool.Spare, pool.InUse, pool.Recycled));
        pool.Return(first);
        Assert.Equal((128, 0, 1L), (pool.Spare, pool.InUse, pool.Recycled));
        Assert.Same(first, pool.Take(isTcp: false));
    }

    [Fact]
    public void KeepsNoMoreThanItMayNeed()
    {
        var pool = new SessionPool(_fields, _bytes, _sources);
        FlowSession[] taken = [.. Enumerable.Range(0, 20_000).Select(i => pool.Take(isTcp: i % 2 == 0))];
        Assert.Equal(20_000, taken.Distinct().Count());
        foreach (FlowSession session in taken)
        {
            pool.Return(session);
            // What a flood has made goes as it goes, not only at its end
            Assert.InRange(pool.Spare, 0, Math.Max(1024, pool.InUse / 8));
        }
        Assert.Equal((0, 0L, 1024), (pool.InUse, pool.InUseBytes, pool.Spare));
        Assert.Equal(pool.Made, pool.Spare + pool.Trimmed);
    }

    [Fact]
    public void MakesAndKeepsWhatIsPreallocated()
    {
        var pool = new SessionPool(_fields, _bytes, _sources, prealloc: 3000);
        Assert.Equal((3000, 3000L), (pool.Spare, pool.Made));
        FlowSession[] taken = [.. Enumerable.Range(0, 3000).Select(_ => pool.Take(isTcp: false))];
        Assert.Equal((0, 3000L), (pool.Spare, pool.Made));
        foreach (FlowSession session in taken)
            pool.Return(session);
        Assert.Equal((3000, 0L), (pool.Spare, pool.Trimmed));
    }

    [Fact]
    public void OnlyTcpSessionsTakeTcpsPart()
    {
        var pool = new SessionPool(_fields, _bytes, _sources);
        FlowSession udp = pool.Take(isTcp: false);
        long one = pool.InUseBytes;
        FlowSession tcp = pool.Take(isTcp: true);
        Assert.InRange(pool.InUseBytes, (2 * one) + 64, 3 * one);
        tcp.Tcp.Syn = 7;
        Assert.Equal((7, 0), (tcp.Tcp.Syn, udp.Tcp.Syn));
        pool.Return(tcp);
        Assert.Equal(one, pool.InUseBytes);
        Assert.Equal(0, pool.Take(isTcp: true).Tcp.Syn);
    }

    [Fact]
    public void AReturnedSessionIsAsNew()
    {
        var pool = new SessionPool(_fields, _bytes, _sources);
        FlowSession used = pool.Take(isTcp: true);
        used.Protocol = new UdpProtocol();
        used.HasIp = true;
        used.AddTag("old"u8);
        used.Positions.Add(_bytes, _sources, new PacketSource(0, "f", "u"), 24, 76);
        used.GatherPayload(Side.Client, "old"u8);
        used.Packets.Add(Side.Client, 3);
        used.Tcp.Syn = 1;
        used.Tcp.Client.Following = true;
        used.MarkForClose(EndReason.Rst);
        used.StartSegment(_sources);
        used.StopSaving();
        pool.Return(used);

        Assert.Equal(0, _bytes.Lent);
        FlowSession again = pool.Take(isTcp: true);
        Assert.Same(used, again);
        Assert.True(again.Fields.IsEmpty);
        Assert.True(again.SavesPackets);
        Assert.False(again.HasIp || again.Closing || again.Tcp.Client.Following);
        Assert.Equal((0L, 0, 0, -1), (again.Packets.Sum, again.Segment, again.Tcp.Syn + again.ClientPayload8Length, again.WheelSlot));
    }
}
