using FlowPipe.Core.Reading;

namespace FlowPipe.Tests.Unit.Reading;

/// <summary>Gives as few bytes at a time as a pipe may.</summary>
internal sealed class DribblingStream(byte[] bytes, int seed) : ReadOnlyStream
{
    private readonly Random _random = new(seed);
    private int _at;

    public override int Read(Span<byte> buffer)
    {
        int length = Math.Min(Math.Min(_random.Next(1, 200), buffer.Length), bytes.Length - _at);
        bytes.AsSpan(_at, length).CopyTo(buffer);
        _at += length;
        return length;
    }
}
