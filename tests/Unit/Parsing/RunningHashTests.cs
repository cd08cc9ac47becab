using System.Security.Cryptography;
using FlowPipe.Abstractions;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>Hashes of what comes in pieces are those of the whole, however it is cut.</summary>
public sealed class RunningHashTests
{
    private const int Length = 1000;

    [Theory]
    [InlineData(BodyHashKind.Sha1)]
    [InlineData(BodyHashKind.Sha256)]
    public void PiecesMakeTheWhole(BodyHashKind kind)
    {
        byte[] message = new byte[Length];
        var random = new Random(2);
        random.NextBytes(message);
        var hash = new RunningHash(kind);
        byte[] digest = new byte[hash.DigestBytes];
        for (int run = 0; run < 50; run++)
        {
            for (int at = 0, next; at < Length; at = next)
            {
                next = Math.Min(Length, at + random.Next(200));
                hash.Append(message.AsSpan(at..next));
            }
            Assert.Equal(digest.Length, hash.Finish(digest));
            Assert.Equal(Whole(kind, message), digest);
        }
    }

    [Theory]
    [InlineData(BodyHashKind.Sha1)]
    [InlineData(BodyHashKind.Sha256)]
    public void TheDigestSoFarEndsNothing(BodyHashKind kind)
    {
        var hash = new RunningHash(kind);
        byte[] digest = new byte[hash.DigestBytes];
        hash.Current(digest);
        Assert.Equal(Whole(kind, []), digest);
        hash.Append("ab"u8);
        hash.Current(digest);
        Assert.Equal(Whole(kind, "ab"u8), digest);
        hash.Append("c"u8);
        hash.Finish(digest);
        Assert.Equal(Whole(kind, "abc"u8), digest);
    }

    [Fact]
    public void Md5IsNotItsBusiness() => Assert.Throws<ArgumentOutOfRangeException>(() => new RunningHash(BodyHashKind.Md5));

    [Fact]
    public void ThereMustBeRoom()
    {
        var hash = new RunningHash(BodyHashKind.Sha256);
        Assert.Throws<ArgumentException>(() => hash.Finish(new byte[ShortHash.Sha1Bytes]));
    }

#pragma warning disable CA5350 // What it is compared with
    private static byte[] Whole(BodyHashKind kind, ReadOnlySpan<byte> message) =>
        kind == BodyHashKind.Sha1 ? SHA1.HashData(message) : SHA256.HashData(message);
#pragma warning restore CA5350
}
