using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>
/// Whoever knows the hash can choose addresses and ports that meet in one bucket, and make each look-up pass all of them. The salt prevents
/// that: keys that collide without it are spread with any.
/// </summary>
public sealed class HashFloodTests
{
    private const int Keys = 20_000;

    /// <summary>Without a salt one end 0.0.0.0:0 makes a factor of the first product zero, whatever the other end.</summary>
    private static readonly SessionId[] Colliding = [.. Enumerable.Range(0, Keys).Select(i => Id(0, 0xC0A8_0000_0000 + (ulong)i))];

    /// <summary>And with this salt known, these make the second factor zero.</summary>
    private static SessionId[] CollidingFor(ulong salt)
    {
        ulong second = System.Numerics.BitOperations.RotateLeft(salt, 32) * 0x9E3779B97F4A7C15;
        return [.. Enumerable.Range(0, Keys).Select(i => Id((ulong)i, second))];
    }

    [Fact]
    public void TheseKeysCollideWithoutASalt() => Assert.Single(Colliding.Select(id => id.Hash(0)).Distinct());

    [Fact]
    public void TheseKeysCollideForWhoeverKnowsTheSalt() => Assert.Single(CollidingFor(7).Select(id => id.Hash(7)).Distinct());

    [Theory]
    [InlineData(1UL)]
    [InlineData(7UL + 1)]
    [InlineData(0x8000_0000_0000_0000UL)]
    [InlineData(0x0123_4567_89AB_CDEFUL)]
    [InlineData(0xFEDC_BA98_7654_3210UL)]
    public void AnotherSaltSpreadsThem(ulong salt)
    {
        AssertSpread(Colliding, salt);
        AssertSpread(CollidingFor(7), salt);
    }

    private static void AssertSpread(SessionId[] ids, ulong salt)
    {
        ulong[] hashes = [.. ids.Select(id => id.Hash(salt))];
        Assert.InRange(hashes.Distinct().Count(), Keys * 999 / 1000, Keys);
        // A table for so many has 32,768 buckets. By chance alone hardly ever eight keys or more meet in one.
        Assert.InRange(hashes.CountBy(hash => hash & 0x7FFF).Max(bucket => bucket.Value), 1, 9);
        foreach (int inPartition in hashes.CountBy(hash => EnqueueBlock.PartitionOf(hash, 4)).Select(partition => partition.Value))
            Assert.InRange(inPartition, Keys / 4 * 9 / 10, Keys / 4 * 11 / 10);
    }

    private static SessionId Id(ulong first, ulong second)
    {
        var id = new SessionId { Count = SessionId.ShortCount };
        id.Words[0] = 2;
        id.Words[1] = first;
        id.Words[2] = second;
        return id;
    }
}
