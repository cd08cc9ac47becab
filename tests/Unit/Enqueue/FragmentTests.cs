using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Enqueue;

public sealed class FragmentTests
{
    private const string A = "10.0.0.1";
    private const string B = "10.0.0.2";
    private const string A6 = "2001:db8::1";
    private const string B6 = "2001:db8::2";

    /// <summary>A UDP datagram and how it is cut: sizes in units of eight bytes, an order, and what comes twice or overlaps.</summary>
    private static readonly Gen<(byte[] Payload, Piece[] Pieces, bool V6)> Cuts =
        from length in Gen.Int[1, 4_000]
        from cuts in Gen.Int[1, (length + 15) / 8].Array[0, 8]
        from again in Gen.Select(Gen.Int[0, 500], Gen.Int[1, 200]).Array[0, 6]
        from v6 in Gen.Bool
        from pieces in Gen.Shuffle(PiecesOf(length + 8, cuts, again))
        select (Udp(1, 2, [.. Enumerable.Range(0, length).Select(i => (byte)(i * 7))]), pieces, v6);

    /// <summary>Whatever the cuts, their order, duplicates and overlaps: the datagram comes out, and every packet of it is in the record.</summary>
    [Fact]
    public void RandomFragmentsGiveTheDatagramBack() =>
        Cuts.Sample(
            cut =>
            {
                var decoder = new Decoder();
                int whole = 0;
                int held = 0;
                foreach (Piece piece in cut.Pieces)
                {
                    held++;
                    PacketRc verdict = decoder.Decode(1, Frame(cut.Payload, piece, cut.V6), out PacketRecord record);
                    if (verdict == PacketRc.Held)
                        continue;
                    Assert.Equal(PacketRc.DoProcess, verdict);
                    ReadOnlySpan<byte> frame = decoder.Batch.Owned.Frame(in record);
                    Assert.Equal(cut.Payload, frame.Slice(record.PayloadOffset, record.PayloadLength).ToArray());
                    Assert.Equal(held, decoder.Batch.PacketsOf(in record));
                    held = 0;
                    whole++;
                }
                Assert.InRange(whole, 1, cut.Pieces.Length);
                decoder.Fragments.Flush();
                Assert.Equal((0, 0L), (decoder.Fragments.Count, decoder.Fragments.Bytes));
            },
            iter: 300
        );

    /// <summary>Records do not depend on where a batch ends, also where a datagram ends in a later batch than it began.</summary>
    [Fact]
    public async Task BatchBordersDoNotMatter()
    {
        byte[] payload = Udp(1000, 53, new byte[3_000]);
        List<CapturedPacket> packets = [];
        foreach (bool v6 in (bool[])[false, true])
        {
            for (int id = 1; id <= 3; id++)
            {
                foreach (Piece piece in Fragmenter.Pieces(payload.Length, 400))
                    packets.Add(new CapturedPacket(packets.Count * 1_000_000L, Frame(payload, piece, v6, id)));
            }
        }
        IReadOnlyList<GatheredRecord>? expected = null;
        foreach (int size in (int[])[1, 2, 3, 7, 100])
        {
            IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
                [new MemorySource(packets)],
                partitions: size % 3 + 1,
                batchSizes: [size]
            );
            expected ??= records;
            Assert.Equal(2, records.Count);
            Assert.Equal(
                expected.Select(record => (record.Id, Convert.ToHexString(record.Avro))).Order(),
                records.Select(record => (record.Id, Convert.ToHexString(record.Avro))).Order()
            );
        }
        GatheredRecord first = expected!.MinBy(record => record.Long("first_packet_ns"))!;
        Assert.Equal(3, first.Long("packets")); // datagrams
        Assert.Equal(packets.Count / 2, first.Positions().Count);
        Assert.Equal(0, first.Long("first_packet_ns"));
        Assert.Equal(packets.Take(packets.Count / 2).Sum(packet => packet.Data.Length), first.Long("bytes"));
        Assert.Equal(3 * 3_000, first.Long("databytes"));
    }

    [Fact]
    public async Task ArkimeCountsADatagramAsOnePacket()
    {
        byte[] payload = Udp(1000, 53, new byte[3_000]);
        List<CapturedPacket> packets =
        [
            .. Fragmenter.Pieces(payload.Length, 400).Select((piece, i) => new CapturedPacket(i, Frame(payload, piece, false))),
        ];
        GatheredRecord record = Assert.Single(await SessionRun.OfAsync(packets, records: new RecordSettings { ArkimeQuirks = true }));
        Assert.Equal((1, 14 + 20 + payload.Length), (record.Long("packets"), record.Long("bytes")));
        Assert.Single(record.Positions());
    }

    /// <summary>A tunnel's packets are fragmented, and what is in the tunnel is a fragment itself.</summary>
    [Fact]
    public void FragmentsOfFragments()
    {
        var decoder = new Decoder();
        byte[] payload = Udp(1, 2, new byte[1_200]);
        PacketRc verdict = PacketRc.Held;
        PacketRecord record = default;
        int packets = 0;
        int outerId = 1;
        foreach (Piece inner in Fragmenter.Pieces(payload.Length, 600))
        {
            byte[] carried = Fragmenter.V4(UdpNumber, "192.168.0.1", "192.168.0.2", payload, inner, id: 9);
            outerId++;
            foreach (Piece outer in Fragmenter.Pieces(carried.Length, 160))
            {
                Assert.Equal(PacketRc.Held, verdict);
                verdict = decoder.Decode(1, Ethernet(IPv4Type, Fragmenter.V4(4, A, B, carried, outer, outerId)), out record);
                packets++;
            }
        }
        Assert.Equal(PacketRc.DoProcess, verdict);
        Assert.Equal(packets, decoder.Batch.PacketsOf(in record));
        Assert.Equal(payload, decoder.Batch.Owned.Frame(in record).Slice(record.PayloadOffset, record.PayloadLength).ToArray());
        Assert.Equal(0, decoder.Fragments.Count);
    }

    /// <summary>What has come first stays, whoever sends it again with other contents.</summary>
    [Fact]
    public void TheFirstWins()
    {
        var decoder = new Decoder();
        byte[] good = Udp(1, 2, [.. Enumerable.Repeat((byte)1, 40)]);
        byte[] bad = Udp(3, 4, [.. Enumerable.Repeat((byte)2, 40)]);
        Assert.Equal(PacketRc.Held, decoder.Decode(1, Frame(good, new Piece(0, 16, true), false)));
        Assert.Equal(PacketRc.Held, decoder.Decode(1, Frame(bad, new Piece(0, 24, true), false)));
        Assert.Equal(PacketRc.DoProcess, decoder.Decode(1, Frame(bad, new Piece(8, 48, false), false), out PacketRecord record));
        byte[] result = decoder.Batch.Owned.Frame(in record).Slice(record.PayloadOffset, record.PayloadLength).ToArray();
        Assert.Equal([.. good[..16], .. bad[16..]], result);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatContradictsIsCorrupt(bool v6)
    {
        var decoder = new Decoder();
        byte[] payload = new byte[64];
        Assert.Equal(PacketRc.Held, decoder.Decode(1, Frame(payload, new Piece(16, 32, false), v6)));
        // beyond the end, another end, no multiple of eight, nothing in it
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Frame(payload, new Piece(32, 40, true), v6)));
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Frame(payload, new Piece(16, 24, false), v6)));
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Frame(payload, new Piece(0, 12, true), v6)));
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Frame(payload, new Piece(0, 0, true), v6)));
        // a last fragment before what has come
        Assert.Equal(PacketRc.Held, decoder.Decode(1, Frame(payload, new Piece(16, 32, true), v6, id: 5)));
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Frame(payload, new Piece(8, 16, false), v6, id: 5)));
        // the ping of death
        byte[] large = new byte[66_000];
        Assert.Equal(PacketRc.Corrupt, decoder.Decode(1, Frame(large, new Piece(65_504, 65_536, false), v6, id: 6)));
        Assert.Equal(2, decoder.Fragments.Count);
    }

    /// <summary>Not all was captured: the datagram ends, as captured, where the first byte is missing.</summary>
    [Fact]
    public void TruncatedFragments()
    {
        var decoder = new Decoder();
        byte[] payload = Udp(1, 2, new byte[92]);
        byte[] first = Frame(payload, new Piece(0, 48, true), false);
        Assert.Equal(PacketRc.Held, decoder.Decode(1, first[..^8]));
        Assert.Equal(PacketRc.DoProcess, decoder.Decode(1, Frame(payload, new Piece(48, 100, false), false), out PacketRecord record));
        Assert.Equal((40, 14 + 20 + 40, 14 + 20 + 100), (record.PayloadLength, record.CapturedLength, record.OriginalLength));
    }

    [Fact]
    public void WhatIsNotWholeInTimeIsGivenUp()
    {
        var decoder = new Decoder(new SessionSettings { FragsTimeout = 10 });
        byte[] payload = Udp(1, 2, new byte[40]);
        byte[] first = Frame(payload, new Piece(0, 24, true), false);
        byte[] last = Frame(payload, new Piece(24, 48, false), false);
        Assert.Equal(PacketRc.Held, decoder.Decode(1, first, 0));
        Assert.Equal(PacketRc.DoProcess, decoder.Decode(1, last, 10));
        Assert.Equal(PacketRc.Held, decoder.Decode(1, first, 20));
        Assert.Equal(PacketRc.Held, decoder.Decode(1, last, 30.001));
        Assert.Equal(1, decoder.Verdicts[(int)PacketRc.FragmentExpired]);
        decoder.Fragments.Flush();
        Assert.Equal(2, decoder.Verdicts[(int)PacketRc.FragmentExpired]);
    }

    [Fact]
    public void NumberAndMemoryAreLimited()
    {
        const int Memcap = 100_000;
        var decoder = new Decoder(new SessionSettings { MaxFrags = 50, DefragMemcap = Memcap });
        var random = new Random(1);
        for (int i = 0; i < 5_000; i++)
        {
            int size = random.Next(1, 1_000) * 8;
            int start = random.Next(0, 6_000) * 8;
            byte[] frame = Ethernet(
                IPv4Type,
                Fragmenter.V4(UdpNumber, A, B, new byte[start + size], new Piece(start, start + size, true), i)
            );
            Assert.Contains(decoder.Decode(1, frame), (PacketRc[])[PacketRc.Held, PacketRc.FragmentDropped]);
            Assert.InRange(decoder.Fragments.Bytes, 0, Memcap);
            Assert.InRange(decoder.Fragments.Count, 0, 50);
        }
        // the oldest go first
        Assert.Equal(PacketRc.Held, decoder.Decode(1, Frame(new byte[8], new Piece(0, 8, true), false, id: 9_999)));
        Assert.Equal(PacketRc.DoProcess, decoder.Decode(1, Frame(new byte[16], new Piece(8, 16, false), false, id: 9_999)));
    }

    [Fact]
    public void ADatagramOfTooManyFragmentsIsGivenUp()
    {
        var decoder = new Decoder();
        byte[] payload = new byte[8 * 300];
        int dropped = Fragmenter
            .Pieces(payload.Length, 8)
            .Count(piece => decoder.Decode(1, Frame(payload, piece, false)) == PacketRc.FragmentDropped);
        Assert.Equal(1, dropped);
        Assert.Equal(257, decoder.Verdicts[(int)PacketRc.FragmentDropped]);
    }

    /// <summary>Every fragment ends in one counter, also those that are left when the run ends or time begins anew.</summary>
    [Fact]
    public async Task TheLedgerBalances()
    {
        var random = new Random(2);
        List<CapturedPacket> packets = [];
        for (int i = 0; i < 2_000; i++)
        {
            byte[] payload = Udp(random.Next(3), 53, new byte[random.Next(100, 900)]);
            List<Piece> pieces = Fragmenter.Pieces(payload.Length, 8 * random.Next(2, 40));
            packets.Add(
                new CapturedPacket(
                    i * 100_000_000L,
                    Frame(payload, pieces[random.Next(pieces.Count)], random.Next(2) == 0, random.Next(20))
                )
            );
        }
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource(packets), new MemorySource(packets, Fingerprint: "1122334455667788"))
        {
            BatchSizes = [5, 1, 64],
        };
        using var run = new SessionRun(reader, sink, new SessionSettings { FragsTimeout = 20, MaxFrags = 12 }, partitions: 3);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal(0, run.Verdicts[(int)PacketRc.Held]);
        Assert.True(run.Verdicts[(int)PacketRc.FragmentExpired] > 0);
        Assert.True(run.Verdicts[(int)PacketRc.FragmentDropped] > 0);
        Assert.True(run.Verdicts[(int)PacketRc.DoProcess] > 0);
    }

    private static byte[] Frame(byte[] payload, Piece piece, bool v6, int id = 1) =>
        v6
            ? Ethernet(IPv6Type, Fragmenter.V6(UdpNumber, A6, B6, payload, piece, id))
            : Ethernet(IPv4Type, Fragmenter.V4(UdpNumber, A, B, payload, piece, id));

    private static Piece[] PiecesOf(int length, int[] cuts, (int Start, int Length)[] again)
    {
        int[] borders = [0, .. cuts.Append(1).Select(cut => cut * 8).Where(cut => cut < length).Distinct().Order(), length];
        List<Piece> pieces = [];
        for (int i = 1; i < borders.Length; i++)
            pieces.Add(new Piece(borders[i - 1], borders[i], borders[i] < length));
        foreach ((int start, int count) in again)
        {
            int from = start * 8;
            int to = Math.Min(length, from + (count * 8));
            if (from < to && to - from < length)
                pieces.Add(new Piece(from, to, to < length));
        }
        return [.. pieces];
    }
}
