using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>What parsers get of TCP streams.</summary>
public sealed class ReassemblyTests
{
    private static readonly SessionSettings Plain = new() { StopOnParserFault = true };

    [Theory]
    [InlineData("in order", "0:abc 3:def 6:ghi")]
    [InlineData("backwards", "6:ghi 3:def 0:abc")]
    [InlineData("a retransmission", "0:abc 0:abc 3:def 0:abc 6:ghi")]
    [InlineData("overlaps", "0:abcd 2:cdef 5:fghi 3:def")]
    [InlineData("overlaps that wait", "2:cdef 4:efghi 1:bcd 0:ab")]
    [InlineData("a keep-alive of one byte", "0:abc 2:c 3:def 5:f 6:ghi")]
    [InlineData("a zero-window probe: its byte comes again", "0:abc 3:d 3:def 6:ghi")]
    public async Task StreamsComeInOrder(string name, string segments)
    {
        Assert.NotEmpty(name);
        foreach (uint start in (uint[])[1000, uint.MaxValue - 4, 0x7FFF_FFFD])
        {
            Conversation conversation = new Conversation().Tcp(0, true, Syn, start).Tcp(0.1, false, Syn | Ack, 5000, start + 1);
            foreach (string segment in segments.Split(' '))
            {
                string[] parts = segment.Split(':');
                conversation.Tcp(1, true, Psh | Ack, start + 1 + uint.Parse(parts[0]), 5001, parts[1]);
            }
            (GatheredRecord record, StreamRecorder heard) = await RunAsync(conversation);
            Assert.Equal("abcdefghi.", heard.Text(Side.Client));
            Assert.Equal(9, record.Long("databytes.src"));
        }
    }

    [Fact]
    public async Task OfTwoThatOverlapTheOneHandedOnStays()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "abc").Tcp(2, true, Psh | Ack, 1002, 5001, "XYZdef")
        );
        Assert.Equal("abcZdef.", heard.Text(Side.Client));
    }

    [Fact]
    public async Task OfTwoThatWaitTheOneThatBeginsEarlierWins()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1006, 5001, "FGHI")
                .Tcp(2, true, Psh | Ack, 1004, 5001, "defg")
                .Tcp(3, true, Psh | Ack, 1001, 5001, "abc")
        );
        Assert.Equal("abcdefgHI.", heard.Text(Side.Client));
    }

    [Fact]
    public async Task AnAnswerWaitsForItsQuestion()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1004, 5001, "two")
                .Tcp(2, false, Psh | Ack, 5001, 1007, "answer")
                .Tcp(3, true, Psh | Ack, 1001, 5001, "one")
        );
        Assert.Equal(["one", "two", "answer"], heard.Pieces.Where(piece => !piece.End).Select(Text));
    }

    [Fact]
    public async Task AFinEndsItsSideOnceAllBeforeItIsThere()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Fin | Ack, 1004, 5001)
                .Tcp(2, true, Psh | Ack, 1001, 5001, "abc")
                .Tcp(3, false, Psh | Ack, 5001, 1005, "xyz")
                .Tcp(4, true, Psh | Ack, 1004, 5004, "after the end")
        );
        Assert.Equal(["abc", "Client.", "xyz", "Server."], heard.Pieces.Select(piece => piece.End ? $"{piece.Side}." : Text(piece)));
    }

    [Fact]
    public async Task AResetIsNoEndOfDataButTheSessionIs()
    {
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(
            new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "abc").Tcp(2, false, Rst, 5001)
        );
        Assert.Equal(("abc.", "."), (heard.Text(Side.Client), heard.Text(Side.Server)));
        Assert.Equal((EndReason.Rst, 1), (record.Reason, heard.Freed));
    }

    [Fact]
    public async Task SimultaneousOpen()
    {
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Tcp(0, true, Syn, 1000)
                .Tcp(0.1, false, Syn, 5000)
                .Tcp(0.2, true, Syn | Ack, 1000, 5001)
                .Tcp(0.3, false, Syn | Ack, 5000, 1001)
                .Tcp(1, true, Psh | Ack, 1001, 5001, "abc")
                .Tcp(2, false, Psh | Ack, 5001, 1004, "xyz")
        );
        Assert.Equal(("abc.", "xyz."), (heard.Text(Side.Client), heard.Text(Side.Server)));
        Assert.Equal((6L, "tcp"), (record.Long("databytes"), record.Texts("protocols")));
    }

    [Fact]
    public async Task HalfOpenOneSideAlone()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation().Tcp(0, true, Syn, 1000).Tcp(1, true, Ack, 1001, 5001).Tcp(2, true, Psh | Ack, 1001, 5001, "abc")
        );
        Assert.Equal(("abc.", "."), (heard.Text(Side.Client), heard.Text(Side.Server)));
    }

    [Fact]
    public async Task APortUsedAnewIsAnotherSessionWithParsersOfItsOwn()
    {
        var heard = new StreamRecorder();
        var sink = new GatheringSink();
        Conversation conversation = new Conversation()
            .Handshake()
            .Tcp(1, true, Psh | Ack, 1001, 5001, "first")
            .Tcp(2, true, Rst, 1006)
            .Tcp(3, true, Syn, 90_000)
            .Tcp(3.1, false, Syn | Ack, 70_000, 90_001)
            .Tcp(4, true, Psh | Ack, 90_001, 70_001, "second");
        using var run = new SessionRun(new MemoryReader(new MemorySource(conversation.Packets)), sink, Plain, plugins: [heard]);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        Assert.Equal([EndReason.Reuse, EndReason.Shutdown], sink.Records.Select(record => record.Reason));
        Assert.Equal(("first.second.", 2), (heard.Text(Side.Client), heard.Freed));
    }

    [Theory]
    [InlineData(true, "abcdef.")]
    [InlineData(false, "")]
    public async Task MidstreamIsParsedWhereItIsFollowed(bool midstream, string expected)
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation().Tcp(1, true, Psh | Ack, 70, 90, "abc").Tcp(2, true, Psh | Ack, 73, 90, "def"),
            Plain with
            {
                TcpMidstream = midstream,
            }
        );
        Assert.Equal(expected, heard.Text(Side.Client));
    }

    [Fact]
    public async Task OnePushedSegmentIsParsedEvenWithoutABeginning()
    {
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(
            new Conversation().Tcp(1, true, Psh | Ack, 70, 90, "abc"),
            Plain with
            {
                TcpMidstream = false,
            }
        );
        Assert.Equal(("abc.", 0L), (heard.Text(Side.Client), record.Long("databytes")));
    }

    [Fact]
    public async Task AGapIsGivenUpAfterSoManySegments()
    {
        Conversation conversation = new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "abc");
        for (uint i = 0; i < 5; i++)
            conversation.Tcp(2, true, Psh | Ack, 1014 + (3 * i), 5001, $"{i}--");
        conversation.Tcp(3, true, Psh | Ack, 1004, 5001, "too late").Tcp(4, true, Psh | Ack, 1029, 5001, "on");
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(conversation, Plain with { MaxTcpOutOfOrderPackets = 4 });
        Assert.Equal("abc[10]0--1--2--3--4--on.", heard.Text(Side.Client));
        Assert.Contains("incomplete-tcp", record.Texts("tags"), StringComparison.Ordinal);
        Assert.Equal((3L, 0L), (record.Long("databytes"), record.Long("complete")));
    }

    [Theory]
    [InlineData(60, 1 << 20)]
    [InlineData(1 << 20, 60)]
    public async Task AGapIsGivenUpAfterSoManyBytes(int ofSession, int ofAll)
    {
        Conversation conversation = new Conversation()
            .Handshake()
            .Tcp(1, true, Psh | Ack, 1001, 5001, "abc")
            .Tcp(2, true, Psh | Ack, 1005, 5001, new string('x', 100))
            .Tcp(3, true, Psh | Ack, 1105, 5001, "on");
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(
            conversation,
            Plain with
            {
                MaxTcpOutOfOrderBytes = ofSession,
                ReassemblyMemcap = ofAll,
            }
        );
        Assert.Equal($"abc[1]{new string('x', 100)}on.", heard.Text(Side.Client));
        Assert.Contains("incomplete-tcp", record.Texts("tags"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10, "abc[1]later.", "on")]
    [InlineData(0, "abc[1]lateron.", "")]
    public async Task AGapIsGivenUpAfterSoManySeconds(int seconds, string atFirst, string then)
    {
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "abc")
                .Tcp(2, true, Psh | Ack, 1005, 5001, "later")
                .Tcp(12.5, false, Ack, 5001, 1004)
                .Tcp(13, true, Psh | Ack, 1010, 5001, "on"),
            Plain with
            {
                TcpGapTimeout = seconds,
            }
        );
        Assert.Equal(atFirst[..^1] + then + ".", heard.Text(Side.Client));
        StreamPiece later = Assert.Single(heard.Pieces, piece => Text(piece) == "later");
        // Decided at the first packet after the limit, and else when the session ends.
        Assert.Equal(Ns(seconds > 0 ? 12.5 : 13), later.TimestampNs);
        Assert.Equal(seconds > 0, record.Texts("tags").Contains("incomplete-tcp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatFollowsALostBeginningIsNotClassified()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation().Handshake().Tcp(1, true, Ack, 1005, 5001, "later").Tcp(2, true, Psh | Ack, 1010, 5001, "on")
        );
        Assert.Empty(heard.Pieces);
    }

    [Fact]
    public async Task AnEndThatCameBeforeTheParserIsToldToo()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, false, Fin | Ack, 5001, 1001)
                .Tcp(2, true, Psh | Ack, 1001, 5002, "abc")
                .Tcp(3, true, Psh | Ack, 1004, 5002, "def")
        );
        Assert.Equal(("abcdef.", "."), (heard.Text(Side.Client), heard.Text(Side.Server)));
    }

    [Fact]
    public async Task ALateSynAckDoesNotSetAStreamBack()
    {
        (GatheredRecord record, StreamRecorder heard) = await RunAsync(
            new Conversation()
                .Tcp(1, true, Psh | Ack, 1001, 5001, "abc")
                .Tcp(2, false, Syn | Ack, 5000, 1001)
                .Tcp(3, true, Psh | Ack, 1001, 5001, "abc")
                .Tcp(4, true, Psh | Ack, 1004, 5001, "def")
        );
        Assert.Equal(("abcdef.", 6L), (heard.Text(Side.Client), record.Long("databytes")));
    }

    [Fact]
    public async Task EachDatagramIsAPiece()
    {
        (_, StreamRecorder heard) = await RunAsync(
            new Conversation().Udp(1, true, "one").Udp(2, true, "").Udp(3, false, "two").Udp(4, true, "three")
        );
        Assert.Equal(["one", "two", "three"], heard.Pieces.Select(Text));
        Assert.DoesNotContain(heard.Pieces, piece => piece.End);
    }

    [Fact]
    public void HostileSegmentsTakeNoMoreThanTheirLimit()
    {
        var settings = new SessionSettings { MaxTcpOutOfOrderPackets = 64, MaxTcpOutOfOrderBytes = 32 * 1024 };
        var heard = new StreamRecorder { Forgetful = true };
        var harness = new TcpHarness(settings, heard);
        byte[] data = new byte[1000];
        var random = new Random(7);
        foreach (CapturedPacket packet in new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "GET").Packets)
            harness.Packet(packet.Data);
        for (int i = 0; i < 20_000; i++)
        {
            bool client = random.Next(2) == 0;
            byte[] tcp = client
                ? PacketBuilder.Tcp(40000, 80, (uint)random.NextInt64(1L << 32), 5001, Psh | Ack, data)
                : PacketBuilder.Tcp(80, 40000, (uint)random.NextInt64(1L << 32), 1004, Psh | Ack, data);
            harness.Packet(
                PacketBuilder.EthernetIp(PacketBuilder.TcpNumber, client ? "10.0.0.1" : "10.0.0.2", client ? "10.0.0.2" : "10.0.0.1", tcp)
            );
            Assert.InRange(harness.Runtime.Segments.Bytes, 0, settings.MaxTcpOutOfOrderBytes);
            Assert.InRange(harness.Pool.Lent, 0, settings.MaxTcpOutOfOrderBytes);
        }
        Assert.InRange(harness.Runtime.Segments.Gaps, 1000, 20_000);
        harness.End();
        Assert.Equal((0L, 0L), (harness.Runtime.Segments.Bytes, harness.Pool.Lent));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void SegmentsOutOfOrderAllocateNothing(bool parsed)
    {
        var heard = new StreamRecorder { Forgetful = true };
        var harness = new TcpHarness(new SessionSettings(), parsed ? [heard] : []);
        const int Pairs = 20_000;
        var frames = new List<byte[]>();
        byte[] data = new byte[700];
        for (uint i = 0; i < Pairs; i++)
        {
            foreach (uint sequence in (uint[])[1001 + (1400 * i) + 700, 1001 + (1400 * i)])
                frames.Add(
                    PacketBuilder.EthernetIp(
                        PacketBuilder.TcpNumber,
                        "10.0.0.1",
                        "10.0.0.2",
                        PacketBuilder.Tcp(40000, 80, sequence, 5001, Psh | Ack, data)
                    )
                );
        }
        foreach (CapturedPacket packet in new Conversation().Handshake().Packets)
            harness.Packet(packet.Data);
        int half = frames.Count / 2;
        for (int i = 0; i < half; i++)
            harness.Packet(frames[i]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = half; i < frames.Count; i++)
            harness.Packet(frames[i]);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(0, allocated);
        Assert.Equal(parsed ? 1400L * Pairs : 0, heard.Bytes);
        Assert.Equal(1400L * Pairs, harness.Session.DataBytes.Client);
    }

    private static string Text(StreamPiece piece) => System.Text.Encoding.ASCII.GetString(piece.Bytes);

    internal static async Task<(GatheredRecord Record, StreamRecorder Heard)> RunAsync(
        Conversation conversation,
        SessionSettings? settings = null,
        IReadOnlyList<int>? batchSizes = null
    )
    {
        var heard = new StreamRecorder();
        var sink = new GatheringSink();
        var reader = new MemoryReader(new MemorySource(conversation.Packets)) { BatchSizes = batchSizes ?? [3] };
        using var run = new SessionRun(reader, sink, settings ?? Plain, plugins: [heard]);
        await run.RunAsync(TestContext.Current.CancellationToken);
        run.AssertBalanced();
        return (Assert.Single(sink.Records), heard);
    }
}
