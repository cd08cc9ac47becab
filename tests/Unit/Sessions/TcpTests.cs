using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>What a record says of a TCP connection.</summary>
public sealed class TcpTests
{
    [Fact]
    public async Task AnOrdinaryConnection()
    {
        GatheredRecord record = await SessionRun.OneAsync(
            new Conversation()
                .Handshake(1)
                .Tcp(1.1, true, Psh | Ack, 1001, 5001, "GET / HTTP/1.0")
                .Tcp(1.2, false, Ack, 5001, 1015, "HTTP/1.0 200")
                .Tcp(1.3, true, Ack | Urg, 1015, 5013, window: 0)
        );
        Assert.Equal(
            ("10.0.0.1", 40000L, "10.0.0.2", 80L),
            (record.Ip("ip.src"), record.Long("port.src"), record.Ip("ip.dst"), record.Long("port.dst"))
        );
        Assert.Equal((4L, 2L, 6L), (record.Long("packets.src"), record.Long("packets.dst"), record.Long("packets")));
        Assert.Equal((54 * 4L) + 14, record.Long("bytes.src"));
        Assert.Equal((54 * 2L) + 12, record.Long("bytes.dst"));
        Assert.Equal((14L, 12L, 26L), (record.Long("databytes.src"), record.Long("databytes.dst"), record.Long("databytes")));
        Assert.Equal("474554202f204854", record.Text("payload8.src.hex"));
        Assert.Equal("485454502f312e30", record.Text("payload8.dst.hex"));
        Assert.Equal((1L, 1L, 3L, 1L), Flags(record, "syn", "syn-ack", "ack", "psh"));
        Assert.Equal((0L, 0L, 1L, 1L), Flags(record, "fin", "rst", "urg", "srcZero"));
        Assert.Equal((1000L, 5000L, 1L), (record.Long("tcpseq.src"), record.Long("tcpseq.dst"), record.Long("tcp.srcISNCnt")));
        Assert.Equal((1L, 1L), (record.Long("tcp.synValidated"), record.Long("tcp.synAckValidated")));
        Assert.Equal(10, record.Long("initRTT"));
        Assert.Equal(
            ("tcp", "", 6L, 0x800L),
            (record.Texts("protocols"), record.Texts("tags"), record.Long("ip.protocol"), record.Long("ethertype"))
        );
        Assert.Equal((1000L, 1300L, 300L), (record.Long("first_packet"), record.Long("last_packet"), record.Long("length")));
        Assert.Equal(1, record.Long("complete"));
    }

    [Theory]
    [InlineData(true, "10.0.0.1")]
    [InlineData(false, "10.0.0.2")]
    public async Task ASynAckFirstIsTurnedRound(bool antiSynDrop, string source)
    {
        Conversation conversation = new Conversation().Tcp(1, false, Syn | Ack, 5000, 1001).Tcp(1.1, true, Ack, 1001, 5001);
        GatheredRecord record = await SessionRun.OneAsync(conversation, new SessionSettings { AntiSynDrop = antiSynDrop });
        Assert.Equal(source, record.Ip("ip.src"));
        Assert.Equal(1, record.Long("packets.src"));
    }

    [Theory]
    [InlineData(true, 6)]
    [InlineData(false, 0)]
    public async Task MidstreamIsFollowedWhenAskedFor(bool midstream, long bytes)
    {
        Conversation conversation = new Conversation().Tcp(1, true, Psh | Ack, 70, 90, "abc").Tcp(1.1, false, Psh | Ack, 90, 73, "xyz");
        GatheredRecord record = await SessionRun.OneAsync(conversation, new SessionSettings { TcpMidstream = midstream });
        Assert.Equal(bytes, record.Long("databytes"));
        Assert.Equal(-1, record.Long("tcpseq.src"));
    }

    public static TheoryData<string, string> Segmentations =>
        new()
        {
            { "in order", "0:abc 3:def 6:ghijk" },
            { "out of order", "3:def 0:abc 6:ghijk" },
            { "backwards", "6:ghijk 3:def 0:abc" },
            { "retransmission", "0:abc 0:abc 3:def 3:def 6:ghijk 0:abc" },
            { "overlap at the front", "0:abcd 2:cdefg 5:fghijk" },
            { "overlap ahead", "4:efghijk 0:abcdef" },
            { "one inside another", "0:abcdefgh 2:cde 8:ijk" },
            { "held twice, the longer wins", "3:d 3:defghijk 0:abc" },
            { "byte by byte", "10:k 9:j 8:i 7:h 6:g 5:f 4:e 3:d 2:c 1:b 0:a" },
            { "keep-alive", "0:abc 2:c 3:defghijk" },
        };

    [Theory]
    [MemberData(nameof(Segmentations))]
    public async Task StreamsArePutInOrder(string name, string segments)
    {
        Assert.NotEmpty(name);
        foreach (uint start in (uint[])[1000, uint.MaxValue - 4, uint.MaxValue, 0x7FFF_FFFD])
        {
            Conversation conversation = new Conversation().Tcp(0, true, Syn, start).Tcp(0.1, false, Syn | Ack, 5000, start + 1);
            double at = 0.2;
            foreach (string segment in segments.Split(' '))
            {
                string[] parts = segment.Split(':');
                conversation.Tcp(at += 0.1, true, Psh | Ack, start + 1 + uint.Parse(parts[0]), 5001, parts[1]);
            }
            GatheredRecord record = await SessionRun.OneAsync(conversation);
            Assert.Equal((11L, "6162636465666768"), (record.Long("databytes.src"), record.Text("payload8.src.hex")));
            Assert.Equal(1, record.Long("complete"));
        }
    }

    [Fact]
    public async Task WhenTooMuchIsMissingTheStreamIsGivenUp()
    {
        Conversation conversation = new Conversation().Handshake().Tcp(0.1, true, Psh | Ack, 1001, 5001, "abc");
        for (uint i = 0; i < 5; i++)
            conversation.Tcp(0.2 + i, true, Psh | Ack, 2001 + (10 * i), 5001, "xyz");
        conversation.Tcp(9, true, Psh | Ack, 1004, 5001, "def");
        GatheredRecord record = await SessionRun.OneAsync(conversation, new SessionSettings { MaxTcpOutOfOrderPackets = 4 });
        Assert.Contains("incomplete-tcp", record.Texts("tags"), StringComparison.Ordinal);
        Assert.Equal((3L, 0L, 10L), (record.Long("databytes"), record.Long("complete"), record.Long("packets")));
    }

    [Fact]
    public async Task WhatIsMissingAtTheEndIsNotCounted()
    {
        Conversation conversation = new Conversation().Handshake().Tcp(0.1, true, Psh | Ack, 1005, 5001, "later");
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal((0L, ""), (record.Long("databytes"), record.Text("payload8.src.hex")));
    }

    [Fact]
    public async Task AnAcknowledgementOfWhatWasNeverSeenIsTagged()
    {
        Conversation conversation = new Conversation().Handshake().Tcp(0.1, false, Ack, 5001, 1500);
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal("acked-unseen-segment-dst", record.Texts("tags"));
    }

    [Fact]
    public async Task SynsWithOtherNumbersAreCounted()
    {
        Conversation conversation = new Conversation().Tcp(0, true, Syn, 1).Tcp(1, true, Syn, 1).Tcp(2, true, Syn, 2);
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal((3L, 2L, 1L), (record.Long("tcpflags.syn"), record.Long("tcp.srcISNCnt"), record.Long("tcpseq.src")));
        Assert.Equal((0L, -1L), (record.Long("tcp.synValidated"), record.Long("initRTT")));
    }

    [Fact]
    public async Task AHeaderThatReachesBeyondThePacketIsOnlyCounted()
    {
        byte[] tcp = PacketBuilder.Tcp(40000, 80, 1, 1, Ack, []);
        tcp[12] = 0xF0; // 60 bytes of header in a segment of 20
        Conversation conversation = new Conversation().Add(1, true, PacketBuilder.TcpNumber, tcp);
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal((1L, 0L), (record.Long("packets"), record.Long("databytes")));
    }

    private static (long, long, long, long) Flags(GatheredRecord record, string a, string b, string c, string d) =>
        (record.Long("tcpflags." + a), record.Long("tcpflags." + b), record.Long("tcpflags." + c), record.Long("tcpflags." + d));
}
