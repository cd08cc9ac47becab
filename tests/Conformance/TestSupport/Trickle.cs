using FlowPipe.Core.Reading;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>A standard input that gives as few bytes at a time as a pipe may.</summary>
internal sealed class Trickle(byte[] bytes, Random random) : ReadOnlyStream
{
    private int _at;

    public override int Read(Span<byte> buffer)
    {
        int length = Math.Min(Math.Min(random.Next(1, 8_192), buffer.Length), bytes.Length - _at);
        bytes.AsSpan(_at, length).CopyTo(buffer);
        _at += length;
        return length;
    }
}
