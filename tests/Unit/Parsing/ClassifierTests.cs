using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>Which classifiers are called for what.</summary>
public sealed class ClassifierTests
{
    [Theory]
    [InlineData("S", "tcp")] // one byte is not looked at
    [InlineData("Sx", "tcp single")]
    [InlineData("SD", "tcp single double")]
    [InlineData("LINE", "tcp")] // shorter than the pattern
    [InlineData("xxff", "tcp offset")]
    [InlineData("xxf", "tcp")]
    [InlineData("SDff", "tcp offset single double")]
    public async Task ByTheFirstBytes(string first, string protocols)
    {
        (GatheredRecord record, _, _) = await ParserTests.RunAsync(
            new Conversation()
                .Handshake()
                .Tcp(1, true, Psh | Ack, 1001, 5001, first)
                .Tcp(2, true, Psh | Ack, 1001 + (uint)first.Length, 5001, "SDff")
        );
        Assert.Equal(protocols, record.Texts("protocols"));
    }

    [Fact]
    public async Task EachSideIsClassifiedByItsOwnFirstBytes()
    {
        (GatheredRecord record, _, _) = await ParserTests.RunAsync(
            new Conversation().Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "xxff").Tcp(2, false, Psh | Ack, 5001, 1005, "Sx")
        );
        Assert.Equal("tcp offset single", record.Texts("protocols"));
    }

    [Theory]
    [InlineData(40000, 4444, "tcp ported")]
    [InlineData(4444, 40000, "tcp")]
    [InlineData(40000, 4445, "tcp eitherPort")]
    [InlineData(4445, 40000, "tcp eitherPort")]
    public async Task ByPort(int client, int server, string protocols)
    {
        (GatheredRecord record, _, _) = await ParserTests.RunAsync(
            new Conversation(clientPort: client, serverPort: server).Handshake().Tcp(1, true, Psh | Ack, 1001, 5001, "??")
        );
        Assert.Equal(protocols, record.Texts("protocols"));
    }

    [Fact]
    public void TheTableFindsWhatALoopOverAllWould()
    {
        var random = new Random(11);
        for (int round = 0; round < 30; round++)
        {
            var table = new ClassifierTable();
            var called = new List<int>();
            var patterns = new List<(int Offset, byte[] Match)>();
            for (int i = 0; i < 200; i++)
            {
                int number = i;
                byte[] match = new byte[random.Next(5)];
                for (int at = 0; at < match.Length; at++)
                    match[at] = (byte)random.Next(3);
                patterns.Add((random.Next(3) == 0 ? random.Next(4) : 0, match));
                table.Add(patterns[i].Offset, match, (_, _, _) => called.Add(number));
            }
            table.Freeze();
            for (int i = 0; i < 200; i++)
            {
                byte[] data = new byte[random.Next(8)];
                for (int at = 0; at < data.Length; at++)
                    data[at] = (byte)random.Next(3);
                called.Clear();
                table.Classify(new FlowSession(new CoreFields(FieldDictionary.Default)), Side.Client, data);
                Assert.Equal(Expected(patterns, data), called.Order());
                // Single bytes come before longer prefixes
                List<int> lengths =
                [
                    .. called
                        .Where(n => patterns[n] is { Offset: 0, Match.Length: > 0 })
                        .Select(n => Math.Min(2, patterns[n].Match.Length)),
                ];
                Assert.Equal(lengths.Order(), lengths);
            }
        }
    }

    private static IEnumerable<int> Expected(List<(int Offset, byte[] Match)> patterns, byte[] data) =>
        Enumerable
            .Range(0, patterns.Count)
            .Where(number =>
                data.Length >= 2
                && data.Length >= patterns[number].Offset + patterns[number].Match.Length
                && data.AsSpan(patterns[number].Offset).StartsWith(patterns[number].Match)
            );
}
