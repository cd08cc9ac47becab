using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using FlowPipe.Core.Digests;

namespace FlowPipe.Tests.Unit.Digests;

public sealed class DigestTests
{
    [Fact]
    public void SumsAreThoseOfArithmetic() =>
        Gen
            .Byte.Array[32]
            .Array[0, 12]
            .Sample(
                digests =>
                {
                    var sum = default(DigestSum);
                    BigInteger model = BigInteger.Zero;
                    foreach (byte[] digest in digests)
                    {
                        sum.Add(digest);
                        model += new BigInteger(digest, isUnsigned: true, isBigEndian: true);
                    }
                    model %= BigInteger.One << 256;
                    Assert.Equal(model, BigInteger.Parse("0" + sum, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                    Assert.True(DigestSum.TryParse(sum.ToString(), out DigestSum parsed));
                    Assert.Equal(sum, parsed);
                },
                iter: 500
            );

    [Fact]
    public void CarriesGoAllTheWay()
    {
        var sum = default(DigestSum);
        byte[] all = new byte[32];
        Array.Fill(all, (byte)0xFF);
        sum.Add(all);
        byte[] one = new byte[32];
        one[^1] = 1;
        sum.Add(one);
        Assert.Equal(default, sum);
    }

    [Fact]
    public void OrderDoesNotMatterAndCopiesDo()
    {
        (Guid Id, byte[] Digest)[] records = [.. Enumerable.Range(0, 500).Select(Record)];
        DigestBuckets forth = Sum(records);
        DigestBuckets back = Sum(records.Reverse());
        Assert.Equal(forth.Total, back.Total);
        // XOR would not see a record that came twice more.
        DigestBuckets copies = Sum([.. records, records[7], records[7]]);
        Assert.NotEqual(forth.Total, copies.Total);
        Assert.Equal(502, copies.Records);
    }

    [Fact]
    public void FewerBucketsSayTheSame()
    {
        DigestBuckets sums = Sum(Enumerable.Range(0, 3_000).Select(Record));
        for (int bits = 0; bits <= DigestBuckets.BitsMax; bits++)
        {
            DigestBuckets folded = sums.Fold(bits);
            Assert.Equal(1 << bits, folded.Count);
            Assert.Equal(sums.Records, folded.Records);
            Assert.Equal(sums.Total, folded.Total);
            var direct = new DigestBuckets(bits);
            for (int i = 0; i < 3_000; i++)
                direct.Add(Record(i).Id, Record(i).Digest);
            for (int i = 0; i < folded.Count; i++)
            {
                Assert.Equal(direct.RecordsOf(i), folded.RecordsOf(i));
                Assert.Equal(direct.SumOf(i), folded.SumOf(i));
            }
        }
    }

    [Fact]
    public void TheDigestLeavesOutWhereFilesWere()
    {
        using var hasher = new RecordHasher();
        string[] documents =
        [
            """{"a":1,"flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001","fileUris":["file:///a"],"node":"x"}}""",
            """{"a":1,"flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001","fileUris":["file:///b","c"],"node":"x"}}""",
            """{"a":2,"flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001","fileUris":["file:///a"],"node":"x"}}""",
            """{"a":1,"flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001","fileUris":["file:///a"],"node":"y"}}""",
            // Only the member of flowpipe is meant, not one of that name elsewhere, nor the words in a text.
            """{"a":1,"fileUris":[1],"flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001","node":"x"}}""",
            """{"a":1,"fileUris":[2],"flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001","node":"x"}}""",
            """{"a":"\"flowpipe\":{\"fileUris\":[1]","flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001"}}""",
            """{"a":"\"flowpipe\":{\"fileUris\":[2]","flowpipe":{"id":"0b8f0e9c-0000-0000-0000-000000000001"}}""",
        ];
        string[] digests = new string[documents.Length];
        byte[] digest = new byte[32];
        for (int i = 0; i < documents.Length; i++)
        {
            byte[] document = Encoding.UTF8.GetBytes(documents[i]);
            JsonContent.Find(document, out Guid id, out Range uris);
            Assert.Equal("0b8f0e9c-0000-0000-0000-000000000001", id.ToString());
            hasher.Hash(id, document, uris, digest);
            digests[i] = Convert.ToHexString(digest);
        }
        Assert.Equal(digests[0], digests[1]);
        Assert.Equal(documents.Length - 1, digests.Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{\"a\":1}}")]
    [InlineData("{\"flowpipe\":{\"id\":")]
    public void WhatIsNoObjectIsRefused(string document) =>
        Assert.Throws<InvalidDataException>(() => JsonContent.Find(Encoding.UTF8.GetBytes(document), out _, out _));

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"flowpipe\":1}")]
    [InlineData("{\"flowpipe\":{\"id\":7}}")]
    [InlineData("{\"flowpipe\":{\"id\":\"none\"}}")]
    public void ADocumentWithoutIdHasNone(string document)
    {
        JsonContent.Find(Encoding.UTF8.GetBytes(document), out Guid id, out _);
        Assert.Equal(Guid.Empty, id);
    }

    private static (Guid Id, byte[] Digest) Record(int number)
    {
        byte[] digest = SHA256.HashData(BitConverter.GetBytes(number));
        return (new Guid(digest.AsSpan(16), bigEndian: true), digest);
    }

    private static DigestBuckets Sum(IEnumerable<(Guid Id, byte[] Digest)> records)
    {
        var sums = new DigestBuckets();
        foreach ((Guid id, byte[] digest) in records)
            sums.Add(id, digest);
        return sums;
    }
}
