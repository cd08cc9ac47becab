using System.Text;
using CsCheck;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Parsers;

public sealed class SctpTests
{
    private sealed class Gathered : ISctpMessages
    {
        public List<string> All { get; } = [];

        public void Message(ushort stream, uint payloadProtocol, ReadOnlySpan<byte> message) =>
            All.Add($"{stream}/{payloadProtocol} {Encoding.ASCII.GetString(message)}");
    }

    /// <summary>Messages over several streams, cut into chunks: order of arrival and repetition do not matter.</summary>
    [Fact]
    public void MessagesComeWholeAndInOrder() =>
        (
            from texts in Gen.Select(Gen.Int[0, 3], Gen.String[Gen.Char['a', 'z'], 1, 40], Gen.Int[8, 20]).Array[1, 10]
            from first in Gen.OneOf(Gen.UInt, Gen.Const(uint.MaxValue - 5))
            from again in Gen.Int[0, 5]
            let chunks = Chunks(texts, first)
            from order in Gen.Shuffle(chunks.Concat(chunks.Take(again)).ToArray())
            select (texts, first, order)
        ).Sample(
            sample =>
            {
                var direction = new SctpDirection();
                var messages = new Gathered();
                direction.Start(sample.first);
                foreach ((SctpChunk chunk, byte[] data) in sample.order)
                    direction.Add(in chunk, data, messages);
                Assert.Equal(sample.texts.Select(text => $"{text.Item1}/7 {text.Item2}"), messages.All);
                Assert.Equal((0, 0), (direction.HeldChunks, direction.KeptBytes));
            },
            iter: 300
        );

    [Fact]
    public void WhatNeverComesIsGivenUp()
    {
        var direction = new SctpDirection();
        var messages = new Gathered();
        direction.Start(10);
        for (uint tsn = 11; tsn <= 11 + SctpDirection.MaxHeldChunks; tsn++)
            direction.Add(new SctpChunk(3, tsn, 0, 7), "x"u8, messages);
        Assert.Equal(SctpDirection.MaxHeldChunks + 1, messages.All.Count);
        Assert.Equal(0, direction.HeldChunks);
        // too late
        direction.Add(new SctpChunk(3, 10, 0, 7), "late"u8, messages);
        Assert.Equal(SctpDirection.MaxHeldChunks + 1, messages.All.Count);
    }

    [Fact]
    public void AMessageWhoseMiddleIsLostIsDropped()
    {
        var direction = new SctpDirection();
        var messages = new Gathered();
        direction.Add(new SctpChunk(2, 1, 0, 7), "begin"u8, messages);
        direction.Add(new SctpChunk(3, 2, 0, 7), "whole"u8, messages);
        direction.Add(new SctpChunk(1, 3, 0, 7), "end"u8, messages);
        Assert.Equal(["0/7 whole"], messages.All);
        Assert.Equal(0, direction.KeptBytes);
    }

    [Fact]
    public void MemoryIsBoundedWhateverComes()
    {
        var random = new Random(3);
        var direction = new SctpDirection();
        var messages = new Gathered();
        for (int i = 0; i < 20_000; i++)
        {
            var chunk = new SctpChunk((byte)random.Next(256), (uint)random.Next(i, i + 200), (ushort)random.Next(3), 7);
            direction.Add(in chunk, new byte[random.Next(0, 5_000)], messages);
            Assert.InRange(direction.KeptBytes, 0, 2 * SctpDirection.MaxHeldBytes);
            Assert.InRange(direction.HeldChunks, 0, SctpDirection.MaxHeldChunks);
        }
        direction.Clear();
        Assert.Equal((0, 0), (direction.HeldChunks, direction.KeptBytes));
    }

    /// <summary>The first bytes of a side are those of its first message, though a later one came first.</summary>
    [Fact]
    public async Task TheRecordHasTheFirstMessage()
    {
        var conversation = new Conversation()
            .Sctp(0, true, Init(100))
            .Sctp(0.1, true, Data(101, 3, "second message"))
            .Sctp(0.2, true, Data(100, 3, "first message"))
            .Sctp(0.3, false, Data(5, 2, "ans"), Data(6, 1, "wer"));
        GatheredRecord record = await SessionRun.OneAsync(conversation);
        Assert.Equal(Convert.ToHexStringLower("first me"u8), record.Text("payload8.src.hex"));
        Assert.Equal(Convert.ToHexStringLower("answer"u8), record.Text("payload8.dst.hex"));
        Assert.Equal("9", record.Longs("sctp.protoId"));
    }

    private static byte[] Init(uint tsn) => [1, 0, .. U16(20), 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, .. U32(tsn)];

    private static byte[] Data(uint tsn, byte flags, string text)
    {
        byte[] data = Encoding.ASCII.GetBytes(text);
        return [0, flags, .. U16(16 + data.Length), .. U32(tsn), 0, 1, 0, 2, .. U32(9), .. data, .. new byte[-data.Length & 3]];
    }

    private static (SctpChunk Chunk, byte[] Data)[] Chunks((int Stream, string Text, int Size)[] texts, uint tsn)
    {
        List<(SctpChunk, byte[])> chunks = [];
        foreach ((int stream, string text, int size) in texts)
        {
            for (int at = 0; at < text.Length; at += size)
            {
                int end = Math.Min(text.Length, at + size);
                int flags = (at == 0 ? 2 : 0) | (end == text.Length ? 1 : 0);
                chunks.Add((new SctpChunk((byte)flags, tsn++, (ushort)stream, 7), Encoding.ASCII.GetBytes(text[at..end])));
            }
        }
        // no more than may wait
        return chunks.Count > SctpDirection.MaxHeldChunks ? throw new InvalidOperationException($"{chunks.Count} chunks") : [.. chunks];
    }
}
