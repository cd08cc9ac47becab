using System.Text;
using CsCheck;
using FlowPipe.Core;
using FlowPipe.Core.Consuming;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class NdjsonReaderTests
{
    [Fact]
    public void Documents_are_read_whatever_their_length_and_however_the_stream_comes()
    {
        Gen.Select(Gen.Int[0, 600_000].Array[0, 5], Gen.Int[0, 50].Array[0, 50], Gen.Bool, Gen.Int[1, 100_000])
            .Sample(
                (large, small, lastLineEnds, chunk) =>
                {
                    string[] lines = [.. large.Concat(small).Select((length, i) => new string((char)('a' + (i % 26)), length))];
                    string text = string.Join('\n', lines) + (lastLineEnds ? "\n" : "");
                    var reader = new NdjsonReader(new Slow(Encoding.UTF8.GetBytes(text), chunk), "x");
                    foreach (string line in lines.Where(line => line.Length > 0))
                    {
                        Assert.True(reader.TryRead(out ReadOnlyMemory<byte> document));
                        Assert.True(document.Span.SequenceEqual(Encoding.UTF8.GetBytes(line)));
                    }

                    Assert.False(reader.TryRead(out _));
                    Assert.False(reader.TryRead(out _));
                },
                iter: 50
            );
    }

    [Fact]
    public void A_line_without_end_is_refused_by_number()
    {
        byte[] text = new byte[NdjsonReader.LineLengthMax + 10];
        Array.Fill(text, (byte)'x');
        text[1] = (byte)'\n';
        var reader = new NdjsonReader(new MemoryStream(text), "file.ndjson");
        Assert.True(reader.TryRead(out _));
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => reader.TryRead(out _));
        Assert.StartsWith("file.ndjson: line 2 is longer than", e.Message, StringComparison.Ordinal);
    }

    private sealed class Slow(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, chunk));
    }
}
