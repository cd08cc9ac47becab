using System.Numerics;
using CsCheck;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Sessions;

public sealed class VarintTests
{
    [Theory]
    [InlineData(0, "00")]
    [InlineData(-1, "01")]
    [InlineData(1, "02")]
    [InlineData(-2, "03")]
    [InlineData(63, "7E")]
    [InlineData(64, "8001")]
    [InlineData(-65, "8101")]
    [InlineData(long.MaxValue, "FEFFFFFFFFFFFFFFFF01")]
    [InlineData(long.MinValue, "FFFFFFFFFFFFFFFFFF01")]
    public void IsAvrosCoding(long value, string hex)
    {
        Span<byte> bytes = stackalloc byte[10];
        int length = Varint.WriteZigZag(bytes, value);
        Assert.Equal(hex, Convert.ToHexString(bytes[..length]));
    }

    [Fact]
    public void ReadsBackWhatItWroteWhereverThatLies()
    {
        Gen.Select(Gen.OneOf(Gen.Long, Gen.Long[-300, 300]), Gen.Int[0, 20])
            .Sample(
                (value, at) =>
                {
                    var bytes = new byte[40];
                    int length = Varint.WriteZigZag(bytes.AsSpan(at), value);
                    // zigzag, the long way round
                    BigInteger coded = value >= 0 ? 2 * (BigInteger)value : (-2 * (BigInteger)value) - 1;
                    int digits = 1;
                    for (BigInteger rest = coded / 128; rest > 0; rest /= 128)
                        digits++;
                    Assert.Equal(digits, length);
                    int next = at;
                    Assert.Equal(value, Varint.ReadZigZag(bytes, ref next));
                    Assert.Equal(at + length, next);
                }
            );
    }
}
