using System.Text;
using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class PositionListTests
{
    private static readonly CoreFields Fields = new(FieldDictionary.Default);

    private static readonly PacketSource[] Sources =
    [
        .. Enumerable.Range(0, 3).Select(i => new PacketSource(i, $"fingerprint{i}", $"file:///{i}")),
    ];

    private static readonly Gen<(int Source, long Offset, int Length)[]> Packets = Gen.Select(
        Gen.Frequency((9, Gen.Const(0)), (1, Gen.Int[0, 2])),
        Gen.OneOf(Gen.Long[0, 10_000], Gen.Long[0, long.MaxValue / 2]),
        Gen.Int[16, 300_000]
    ).Array[0, 200];

    [Fact]
    public void WritesEveryPacketOnce()
    {
        Packets.Sample(
            packets =>
            {
                var pool = new BytePool();
                var list = new PositionList();
                var table = new SourceTable();
                Fill(ref list, pool, table, packets);
                Assert.Equal(Expected(packets), Read(in list, table, out List<long> lengths));
                Assert.Equal(packets.Select(packet => (long)packet.Length), lengths);

                // cleared, its memory kept, it begins anew
                list.Clear(table);
                Fill(ref list, pool, table, packets);
                Assert.Equal(Expected(packets), Read(in list, table, out _));
                list.Return(pool, table);
                Assert.Equal(0, pool.Lent);
                Assert.InRange(table.Count, 0, 1); // the newest stays
            },
            iter: 200
        );
    }

    [Fact]
    public void SaysThatItIsFullBeforeItIs()
    {
        var pool = new BytePool();
        var table = new SourceTable();
        var list = new PositionList();
        int packets = 0;
        // the longest entries that there can be
        for (; !list.IsFull; packets++)
            list.Add(pool, table, Sources[packets % 2], packets % 2 == 0 ? 0 : long.MaxValue, int.MaxValue);
        Assert.InRange(packets, 40_000, 1 << 20);
        Assert.InRange(pool.Lent, BytePool.Largest, 3 * BytePool.Largest); // gaps, lengths and parts, none beyond the largest array
        _ = Read(in list, table, out List<long> lengths);
        Assert.Equal(packets, lengths.Count);
    }

    private static void Fill(ref PositionList list, BytePool pool, SourceTable table, (int Source, long Offset, int Length)[] packets)
    {
        foreach ((int source, long offset, int length) in packets)
            list.Add(pool, table, Sources[source], offset, length);
    }

    /// <summary>A run of packets of one source is one entry.</summary>
    private static List<(string, string)> Expected((int Source, long Offset, int Length)[] packets)
    {
        var all = new List<(string, string)>();
        for (int i = 0; i < packets.Length; )
        {
            int source = packets[i].Source;
            var offsets = new List<long>();
            for (; i < packets.Length && packets[i].Source == source; i++)
                offsets.Add(packets[i].Offset);
            all.Add((Sources[source].Fingerprint, string.Join(' ', offsets)));
        }
        return all;
    }

    private static List<(string, string)> Read(in PositionList list, SourceTable table, out List<long> lengths)
    {
        var record = new SpiFields();
        list.WriteTo(record, Fields, table, lengths: true);
        var entries = new List<(string, string)>();
        foreach (SpiValue entry in record.Values(Fields.PacketPos))
        {
            string source = "";
            var offsets = new List<long>();
            foreach (SpiValue name in entry.Values(Fields.PacketPosSource))
                source = Encoding.ASCII.GetString(name.Utf8);
            foreach (SpiValue gaps in entry.Values(Fields.PacketPosGaps))
            {
                foreach (long gap in gaps.Packed)
                    offsets.Add(gap + offsets.LastOrDefault());
            }
            entries.Add((source, string.Join(' ', offsets)));
        }
        lengths = [];
        foreach (SpiValue packed in record.Values(Fields.PacketLen))
        {
            foreach (long length in packed.Packed)
                lengths.Add(length);
        }
        return entries;
    }
}
