using System.Security.Cryptography;
using FlowPipe.Abstractions;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>OpenSSL called directly says what .NET says, at every length around its blocks, and as often as it is asked.</summary>
public sealed class ShortHashTests
{
    private const int PastTwoBlocks = 2 * 64 + 2;

    [Fact]
    public void Sha1IsThatOfTheSystem()
    {
        byte[] message = Message(PastTwoBlocks);
        byte[] digest = new byte[ShortHash.Sha1Bytes];
        for (int length = 0; length <= message.Length; length++)
        {
            ShortHash.Sha1(message.AsSpan(0, length), digest);
#pragma warning disable CA5350 // What it is compared with
            Assert.Equal(SHA1.HashData(message.AsSpan(0, length)), digest);
#pragma warning restore CA5350
        }
    }

    [Fact]
    public void Sha256IsThatOfTheSystem()
    {
        byte[] message = Message(PastTwoBlocks);
        byte[] digest = new byte[ShortHash.Sha256Bytes];
        for (int length = 0; length <= message.Length; length++)
        {
            ShortHash.Sha256(message.AsSpan(0, length), digest);
            Assert.Equal(SHA256.HashData(message.AsSpan(0, length)), digest);
        }
    }

    [Fact]
    public void OnlyTheDigestIsWritten()
    {
        byte[] room = new byte[ShortHash.Sha256Bytes + 4];
        ShortHash.Sha256("abc"u8, room);
        Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad00000000", Convert.ToHexStringLower(room));
    }

    [Fact]
    public void ThereMustBeRoom()
    {
        byte[] small = new byte[ShortHash.Sha1Bytes - 1];
        Assert.Throws<ArgumentException>(() => ShortHash.Sha1("abc"u8, small));
        Assert.Throws<ArgumentException>(() => ShortHash.Sha256("abc"u8, small));
    }

    private static byte[] Message(int length)
    {
        byte[] message = new byte[length];
        new Random(1).NextBytes(message);
        return message;
    }
}
