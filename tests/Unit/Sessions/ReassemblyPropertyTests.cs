using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>Random segmentations: whatever the network does to a stream, parsers get the stream, or are told what is missing.</summary>
public sealed class ReassemblyPropertyTests
{
    private const int Streams = 40;
    private static readonly SessionSettings Settings = new() { StopOnParserFault = true };

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 6)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task NothingLostEverythingDelivered(int seed)
    {
        var random = new Random(seed);
        for (int i = 0; i < Streams; i++)
        {
            var stream = new RandomStream(random, loss: 0);
            (GatheredRecord record, StreamRecorder heard) = await ReassemblyTests.RunAsync(
                stream.Conversation,
                Settings,
                [1 + random.Next(9)]
            );
            foreach (Side side in (Side[])[Side.Client, Side.Server])
            {
                Assert.Equal(stream.Said(side), heard.Pieces.Where(piece => piece.Side == side).SelectMany(piece => piece.Bytes));
                Assert.All(heard.Pieces, piece => Assert.Equal(0, piece.Gap));
            }
            Assert.Equal(stream.Said(Side.Client).Length + stream.Said(Side.Server).Length, record.Long("databytes"));
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task WhatIsLostIsAGapAndTheRestIsDelivered(int seed)
    {
        var random = new Random(1000 + seed);
        for (int i = 0; i < Streams; i++)
        {
            var stream = new RandomStream(random, loss: 0.1);
            SessionSettings settings = Settings with { MaxTcpOutOfOrderPackets = random.Next(2) == 0 ? 8 : 256 };
            (_, StreamRecorder heard) = await ReassemblyTests.RunAsync(stream.Conversation, settings);
            foreach (Side side in (Side[])[Side.Client, Side.Server])
            {
                int at = 0;
                foreach (StreamPiece piece in heard.Pieces.Where(piece => piece.Side == side))
                {
                    at += piece.Gap;
                    Assert.Equal(stream.Said(side)[at..(at + piece.Bytes.Length)], piece.Bytes);
                    at += piece.Bytes.Length;
                }
                Assert.Single(heard.Pieces, piece => piece.Side == side && piece.End);
                // With room for all, whatever came is there: only what no packet carried may be missing at the end.
                if (settings.MaxTcpOutOfOrderPackets == 256)
                    Assert.Equal(stream.Reached(side), at);
            }
        }
    }

    [Fact]
    public async Task BatchBordersChangeNothing()
    {
        var random = new Random(3);
        for (int i = 0; i < Streams; i++)
        {
            var stream = new RandomStream(random, loss: 0.05);
            (_, StreamRecorder one) = await ReassemblyTests.RunAsync(stream.Conversation, Settings, [1]);
            (_, StreamRecorder many) = await ReassemblyTests.RunAsync(stream.Conversation, Settings, [1 + random.Next(50), 3, 11]);
            Assert.Equal(Told(one), Told(many));
        }
    }

    private static IEnumerable<string> Told(StreamRecorder heard) =>
        heard.Pieces.Select(piece => $"{piece.Side} {piece.Gap} {Convert.ToHexString(piece.Bytes)} {piece.End} {piece.TimestampNs}");

    /// <summary>Both sides of a connection, cut, repeated, overlapped and shuffled; the first segment of each side always comes first.</summary>
    private sealed class RandomStream
    {
        private readonly byte[][] _said = new byte[2][];
        private readonly int[] _reached = new int[2];

        public RandomStream(Random random, double loss)
        {
            uint clientStart = (uint)random.NextInt64(1L << 32);
            uint serverStart = (uint)random.NextInt64(1L << 32);
            var segments = new List<(double At, bool Client, int Offset, int Length)>();
            for (int side = 0; side < 2; side++)
            {
                _said[side] = new byte[2 + random.Next(3000)];
                random.NextBytes(_said[side]);
                Cut(random, loss, side, segments);
            }
            Conversation = new Conversation()
                .Tcp(0, true, Syn, clientStart - 1)
                .Tcp(0, false, Syn | Ack, serverStart - 1, clientStart)
                .Tcp(0, true, Ack, clientStart, serverStart);
            double time = 1;
            foreach ((_, bool client, int offset, int length) in segments.OrderBy(segment => segment.At))
            {
                byte[] data = _said[client ? 0 : 1].AsSpan(offset, length).ToArray();
                uint sequence = (client ? clientStart : serverStart) + (uint)offset;
                uint acknowledged = client ? serverStart : clientStart;
                Conversation.Add(
                    time += 0.001,
                    client,
                    PacketBuilder.TcpNumber,
                    client
                        ? PacketBuilder.Tcp(40000, 80, sequence, acknowledged, Ack, data)
                        : PacketBuilder.Tcp(80, 40000, sequence, acknowledged, Ack, data)
                );
            }
        }

        public Conversation Conversation { get; }

        public byte[] Said(Side side) => _said[(int)side];

        /// <summary>Where the last byte that any packet carried is.</summary>
        public int Reached(Side side) => _reached[(int)side];

        private void Cut(Random random, double loss, int side, List<(double At, bool Client, int Offset, int Length)> segments)
        {
            byte[] said = _said[side];
            int number = 0;
            for (int at = 0; at < said.Length; number++)
            {
                // Two bytes at least, or the side is not classified.
                int length = Math.Min((number == 0 ? 2 : 1) + random.Next(100), said.Length - at);
                if (number == 0 || random.NextDouble() >= loss)
                    Send(at, length, number == 0 ? -10 : number + (random.NextDouble() * 20));
                if (random.Next(5) == 0)
                {
                    // Again, from before and beyond
                    int from = Math.Max(0, at - random.Next(100));
                    Send(from, Math.Min(said.Length - from, length + random.Next(100)), number + (random.NextDouble() * 30));
                }
                at += length;
            }

            void Send(int offset, int length, double when)
            {
                segments.Add((when, side == 0, offset, length));
                _reached[side] = Math.Max(_reached[side], offset + length);
            }
        }
    }
}
