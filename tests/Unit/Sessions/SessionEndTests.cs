using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>When a session ends, why, and what its records say then.</summary>
public sealed class SessionEndTests
{
    private static readonly SessionSettings Small = new()
    {
        TcpTimeout = 20,
        TcpClosingTimeout = 5,
        UdpTimeout = 9,
        IcmpTimeout = 3,
        SctpTimeout = 6,
    };

    public static TheoryData<SessionType, int> Timeouts =>
        new()
        {
            { SessionType.Tcp, 20 },
            { SessionType.Udp, 9 },
            { SessionType.Icmp, 3 },
            { SessionType.Sctp, 6 },
        };

    [Theory]
    [MemberData(nameof(Timeouts))]
    public async Task ALookUpEndsWhatIsOver(SessionType type, int timeout)
    {
        Conversation kept = Say(new Conversation(), type, 100, 100 + timeout);
        GatheredRecord one = await SessionRun.OneAsync(kept, Small);
        Assert.Equal((2L, EndReason.Shutdown), (one.Long("packets"), one.Reason));

        Conversation over = Say(new Conversation(), type, 100, 100 + timeout + 0.000_001);
        IReadOnlyList<GatheredRecord> two = await SessionRun.OfAsync(over.Packets, Small);
        Assert.Equal([EndReason.Timeout, EndReason.Shutdown], two.Select(record => record.Reason));
        Assert.Equal(["timeout", "shutdown"], two.Select(record => record.Text("end_reason")));
        Assert.All(two, record => Assert.True(record.Final && record.RootId == Guid.Empty));
        Assert.NotEqual(two[0].Id, two[1].Id);
    }

    [Theory]
    [MemberData(nameof(Timeouts))]
    public async Task TheWheelEndsWhatIsOver(SessionType type, int timeout)
    {
        // Had the wheel left the first one open, there would be no room for the third.
        double later = 100 + timeout + 2;
        CapturedPacket[] packets =
        [
            .. Say(new Conversation(clientPort: 1), type, 100).Packets,
            .. Say(new Conversation("10.0.0.8", 2), type, later, later + 0.1).Packets,
            .. Say(new Conversation("10.0.0.9", 3), type, later + 0.2).Packets,
        ];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, Small with { MaxStreams = 2 });
        Assert.Equal([EndReason.Timeout, EndReason.Shutdown, EndReason.Shutdown], records.Select(record => record.Reason));
    }

    [Fact]
    public async Task AFalseStampEndsNothingElse()
    {
        CapturedPacket[] packets =
        [
            .. new Conversation(clientPort: 1).Udp(100, true).Packets,
            .. new Conversation(clientPort: 2).Udp(1e9, true).Packets,
            .. new Conversation(clientPort: 1).Udp(101, true).Packets,
        ];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, Small);
        Assert.Equal([1, 2], records.Select(record => record.Long("packets")).Order());
    }

    [Fact]
    public async Task WhatIsOverAtTheFinalClockTimedOut()
    {
        // In the last second the wheel has not looked yet, in whatever partition; the final clock decides.
        CapturedPacket[] packets =
        [
            .. new Conversation(clientPort: 1).Udp(100.1, true).Packets,
            .. new Conversation(clientPort: 2).Udp(109.7, true).Udp(109.8, true).Packets,
        ];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, Small);
        Assert.Equal([EndReason.Timeout, EndReason.Shutdown], records.Select(record => record.Reason).Order());
    }

    [Fact]
    public async Task FinBothWaysClosesAfterAWhile()
    {
        Conversation conversation = Closed(new Conversation());
        conversation.Tcp(5.0, false, Ack, 5002, 1002).Tcp(6.0, true, Ack, 1002, 5002); // the second one is too late
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(conversation.Packets, Small);
        Assert.Equal([EndReason.Fin, EndReason.Shutdown], records.Select(record => record.Reason));
        Assert.Equal([7, 1], records.Select(record => record.Long("packets")));
        Assert.Equal(2, records[0].Long("tcpflags.fin"));
    }

    [Fact]
    public async Task StragglersKeepNothingOpen()
    {
        Conversation conversation = Closed(new Conversation());
        for (int i = 0; i < 8; i++)
            conversation.Tcp(1 + i, false, Ack, 5002, 1002);
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(conversation.Packets, Small);
        Assert.Equal(2, records.Count); // closed at 0.3: what came at 6 is another session
        Assert.Equal([11, 3], records.Select(record => record.Long("packets")));
    }

    [Theory]
    [InlineData(1001, true, EndReason.Rst)]
    [InlineData(1002, true, EndReason.Timeout)] // beyond what is expected: ignored (RFC 5961)
    [InlineData(1000, true, EndReason.Timeout)] // before it: half closed at most
    [InlineData(5001, false, EndReason.Rst)]
    [InlineData(5002, false, EndReason.Timeout)]
    public async Task OnlyAResetAtTheExpectedPlaceCloses(uint sequence, bool fromClient, EndReason reason)
    {
        Conversation conversation = new Conversation().Handshake().Tcp(0.1, fromClient, Rst, sequence);
        CapturedPacket[] packets = [.. conversation.Packets, .. new Conversation(clientPort: 9).Udp(99, true).Udp(99.1, true).Packets];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, Small);
        GatheredRecord tcp = Assert.Single(records, record => record.Long("ip.protocol") == 6);
        Assert.Equal(reason, tcp.Reason);
        Assert.Equal(1, tcp.Long("tcpflags.rst"));
    }

    [Fact]
    public async Task ASynOnAClosedConnectionBeginsAnother()
    {
        Conversation conversation = Closed(new Conversation()).Tcp(1, true, Syn, 77_000);
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(conversation.Packets, Small);
        Assert.Equal([EndReason.Reuse, EndReason.Shutdown], records.Select(record => record.Reason));
        Assert.Equal([1000, 77_000], records.Select(record => record.Long("tcpseq.src")));
    }

    [Fact]
    public async Task ItsOwnSynAgainDoesNot()
    {
        Conversation conversation = Closed(new Conversation()).Tcp(1, true, Syn, 1000);
        GatheredRecord record = await SessionRun.OneAsync(conversation, Small);
        Assert.Equal((EndReason.Fin, 7L), (record.Reason, record.Long("packets")));
    }

    [Fact]
    public async Task ASynOnAnOpenConnectionBelongsToIt()
    {
        Conversation conversation = new Conversation().Handshake().Tcp(1, true, Syn, 77_000);
        GatheredRecord record = await SessionRun.OneAsync(conversation, Small);
        Assert.Equal((2L, 2L), (record.Long("tcpflags.syn"), record.Long("tcp.srcISNCnt")));
    }

    [Fact]
    public async Task WithoutRoomTheLeastRecentGoes()
    {
        CapturedPacket[] packets =
        [
            .. Enumerable.Range(0, 5).SelectMany(i => new Conversation(clientPort: 100 + i).Udp(100 + (i * 0.1), true).Packets),
        ];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(packets, Small with { MaxStreams = 2 });
        Assert.Equal(3, records.Count(record => record.Reason == EndReason.Forced));
        Assert.Equal(2, records.Count(record => record.Reason == EndReason.Shutdown));
    }

    [Theory]
    [InlineData(10, 4, "4 4 2")]
    [InlineData(8, 4, "4 4")] // the last one is full, and final
    [InlineData(3, 1, "1 1 1")]
    [InlineData(3, 4, "3")]
    public async Task AFullRecordIsFollowedByALinkedOne(int packets, int maxPackets, string counts)
    {
        var conversation = new Conversation();
        for (int i = 0; i < packets; i++)
            conversation.Udp(100 + i, i % 3 != 1, "data!");
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(conversation.Packets, Small with { MaxPackets = maxPackets });
        Assert.Equal(counts, string.Join(' ', records.Select(record => record.Long("packets"))));
        AssertLinked(records, packets);
        Assert.All(records, record => Assert.NotEqual("", record.Texts("mac.src"))); // of all records
        Assert.All(records, record => Assert.NotEqual("", record.Longs("ttl.src") + record.Longs("ttl.dst"))); // of those with such packets
        Assert.Equal(5 * packets, records.Sum(record => record.Long("databytes")));
        for (int i = 0; i < records.Count; i++)
        {
            bool last = i == records.Count - 1;
            Assert.Equal((last, last ? EndReason.Shutdown : EndReason.MaxPackets), (records[i].Final, records[i].Reason));
        }
    }

    [Fact]
    public async Task AnOldTcpRecordIsSavedWithTheNextPacket()
    {
        Conversation conversation = new Conversation().Handshake();
        for (int i = 0; i < 6; i++)
            conversation.Tcp(10 + (10 * i), true, Psh | Ack, (uint)(1001 + (4 * i)), 5001, "data");
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(conversation.Packets, Small with { TcpSaveTimeout = 25 });
        Assert.Equal([5, 3, 1], records.Select(record => record.Long("packets")));
        Assert.Equal([EndReason.Saved, EndReason.Saved, EndReason.Shutdown], records.Select(record => record.Reason));
        AssertLinked(records, 9);
        Assert.Equal(24, records.Sum(record => record.Long("databytes")));
        Assert.Equal(6, records.Sum(record => record.Long("tcpflags.psh")));
        Assert.Equal([1, 0, 0], records.Select(record => record.Long("tcpflags.syn")));
        Assert.All(records, record => Assert.Equal(0, record.Long("first_packet_ns")));
        Assert.All(records, record => Assert.Equal(1000, record.Long("tcpseq.src")));
    }

    [Fact]
    public async Task AnOldRecordWithoutPacketsIsNotSaved()
    {
        Conversation conversation = new Conversation().Tcp(0, true, Ack, 1, 1).Tcp(1, true, Ack, 1, 1).Tcp(15, true, Ack, 1, 1);
        SessionSettings settings = Small with { MaxPackets = 2, TcpSaveTimeout = 10 };
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(conversation.Packets, settings);
        Assert.Equal([2, 1], records.Select(record => record.Long("packets")));
        AssertLinked(records, 3);
    }

    [Fact]
    public async Task AFileThatBeginsEarlierEndsAllSessions()
    {
        IReadOnlyList<CapturedPacket> first = new Conversation().Udp(1000, true).Udp(1001, true).Packets;
        IReadOnlyList<CapturedPacket> second = new Conversation().Udp(939.9, true).Udp(940, true).Packets;
        MemorySource[] sources = [new(first), new(second, Fingerprint: "ffffffffffffffff")];
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(sources, Small);
        Assert.Equal([EndReason.Shutdown, EndReason.Shutdown], records.Select(record => record.Reason));
        Assert.Equal(["00112233aabbccdd", "ffffffffffffffff"], records.Select(record => record.Positions()[0].Source));
    }

    [Theory]
    [InlineData(1002)]
    [InlineData(941)] // less than a minute before the clock
    public async Task ARotatedFileGoesOn(double begin)
    {
        IReadOnlyList<CapturedPacket> first = new Conversation().Udp(1000, true).Udp(1001, true).Packets;
        IReadOnlyList<CapturedPacket> second = new Conversation().Udp(begin, true).Packets;
        MemorySource[] sources = [new(first), new(second, Fingerprint: "ffffffffffffffff")];
        GatheredRecord record = Assert.Single(await SessionRun.OfAsync(sources, Small));
        Assert.Equal(3, record.Long("packets"));
        Assert.Equal(["00112233aabbccdd", "00112233aabbccdd", "ffffffffffffffff"], record.Positions().Select(position => position.Source));
        Assert.Equal([24, 24 + 16 + 42, 24], record.Positions().Select(position => position.Offset));
        Assert.Equal("file:///0 file:///1", record.Texts("file_uris"));
        Assert.Equal([58, 58, 58], record.PacketLengths());
    }

    [Fact]
    public async Task AnEmptyRunMakesNothing() =>
        Assert.Empty(await SessionRun.OfAsync(Array.Empty<CapturedPacket>(), Small, partitions: 4));

    private static void AssertLinked(IReadOnlyList<GatheredRecord> records, int packets)
    {
        Guid root = records.Count > 1 || !records[0].Final ? records[0].Id : Guid.Empty;
        Assert.All(records, record => Assert.Equal(root, record.RootId));
        Assert.Equal(records.Count, records.Select(record => record.Id).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, records.Count).Select(i => (long)i), records.Select(record => record.Long("segment")));
        Assert.Equal(packets, records.Sum(record => record.Long("packets")));
        Assert.Equal(packets, records.SelectMany(record => record.Positions()).Distinct().Count());
        Assert.Equal(packets, records.Sum(record => record.Long("packets.src") + record.Long("packets.dst")));
    }

    private static Conversation Closed(Conversation conversation) =>
        conversation
            .Handshake()
            .Tcp(0.1, true, Fin | Ack, 1001, 5001)
            .Tcp(0.2, false, Fin | Ack, 5001, 1002)
            .Tcp(0.3, true, Ack, 1002, 5002);

    private static Conversation Say(Conversation conversation, SessionType type, params double[] times)
    {
        foreach (double at in times)
        {
            _ = type switch
            {
                SessionType.Tcp => conversation.Tcp(at, true, Ack, 1, 1),
                SessionType.Udp => conversation.Udp(at, true),
                SessionType.Icmp => conversation.Icmp(at, true, 8),
                _ => conversation.Sctp(at, true),
            };
        }
        return conversation;
    }
}
