using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions;

/// <summary>Integers as zigzag varints, one after the other in a pooled array that grows: what a packed field of a record is made of.</summary>
internal struct VarintList
{
    private const int Smallest = 16;

    private byte[]? _bytes;

    /// <summary>Bytes of all that was added.</summary>
    public int Length { get; private set; }

    /// <summary>The integers.</summary>
    public readonly ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Add(BytePool pool, long value)
    {
        byte[]? bytes = _bytes;
        if (bytes is null || bytes.Length - Length < Varint.MaxBytes)
            bytes = Grow(pool);
        Length += Varint.WriteZigZag(bytes.AsSpan(Length), value);
    }

    /// <summary>Forgets all, and keeps the array.</summary>
    public void Clear() => Length = 0;

    /// <summary>Forgets all, and gives the array back.</summary>
    public void Return(BytePool pool)
    {
        if (_bytes is not null)
            pool.Return(_bytes);
        this = default;
    }

    private byte[] Grow(BytePool pool)
    {
        byte[] larger = pool.Rent(_bytes is null ? Smallest : 2 * _bytes.Length);
        if (_bytes is not null)
        {
            Bytes.CopyTo(larger);
            pool.Return(_bytes);
        }
        return _bytes = larger;
    }
}
