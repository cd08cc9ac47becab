using CsCheck;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class BytePoolTests
{
    [Fact]
    public void KnowsToTheByteWhatItHasLent()
    {
        Gen.Select(Gen.Int[0, 1 << 17], Gen.Bool)
            .Array[0, 60]
            .Sample(
                steps =>
                {
                    var pool = new BytePool();
                    var lent = new List<byte[]>();
                    foreach ((int size, bool giveBack) in steps)
                    {
                        if (giveBack && lent.Count > 0)
                        {
                            byte[] array = lent[size % lent.Count];
                            lent.RemoveAt(size % lent.Count);
                            pool.Return(array);
                        }
                        else
                        {
                            byte[] array = pool.Rent(size);
                            Assert.DoesNotContain(lent, other => ReferenceEquals(other, array));
                            Assert.InRange(array.Length, Math.Max(16, size), Math.Max(16, 2 * size));
                            lent.Add(array);
                        }
                        Assert.Equal(lent.Sum(array => (long)array.Length), pool.Lent);
                        Assert.Equal(pool.Lent + (24 * lent.Count), pool.LentMemory);
                    }
                },
                iter: 200
            );
    }

    [Fact]
    public void LendsWhatCameBack()
    {
        var pool = new BytePool();
        byte[] array = pool.Rent(100);
        pool.Return(array);
        Assert.Same(array, pool.Rent(65));
    }

    [Fact]
    public void RefusesWhatIsTooLarge()
    {
        var pool = new BytePool();
        Assert.Equal(BytePool.Largest, pool.Rent(BytePool.Largest).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Rent(BytePool.Largest + 1));
    }
}
