using System.Buffers;
using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Digests;
using FlowPipe.Pipeline.Diffing;
using FlowPipe.Pipeline.Manifests;
using FlowPipe.Pipeline.Verifying;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Pipeline;

/// <summary>Verifying and comparing files, in this process: what is found when records are dropped, doubled, changed, added, damaged.</summary>
public sealed class VerifyTests : IDisposable
{
    private const int Records = 300;

    private static ReadOnlySpan<byte> Uri => "file:///x.pcap"u8;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(RecordEncoding.Avro)]
    [InlineData(RecordEncoding.Json)]
    public void WhatIsWholeIsProvenInAnyOrder(RecordEncoding encoding)
    {
        RunManifest manifest = ManifestOf(encoding, Range(Records));
        Assert.Empty(Verify(manifest, Write(encoding, Range(Records))));
        Assert.Empty(Verify(manifest, Write(encoding, [.. Range(Records).Reverse()])));
    }

    [Theory]
    [InlineData(RecordEncoding.Avro, true)]
    [InlineData(RecordEncoding.Json, true)]
    [InlineData(RecordEncoding.Avro, false)]
    [InlineData(RecordEncoding.Json, false)]
    public void EachKindOfDamageIsNamed(RecordEncoding encoding, bool withReference)
    {
        RunManifest manifest = ManifestOf(encoding, Range(Records));
        string whole = Write(encoding, Range(Records));
        string? against = withReference ? whole : null;
        List<int> numbers = [.. Range(Records)];

        Finding missing = Assert.Single(Verify(manifest, Write(encoding, [.. numbers.Where(static n => n != 17)]), against));
        Assert.Equal(FindingKind.Missing, missing.Kind);
        Assert.Equal(withReference ? IdOf(17) : null, missing.Id);

        Finding doubled = Assert.Single(Verify(manifest, Write(encoding, [.. numbers, 33]), against));
        Assert.Equal((FindingKind.Doubled, IdOf(33)), (doubled.Kind, doubled.Id));

        Finding changed = Assert.Single(Verify(manifest, Write(encoding, numbers, changed: 44), against));
        Assert.Equal(FindingKind.Changed, changed.Kind);
        if (withReference)
            Assert.Equal(IdOf(44), changed.Id);
        else
            Assert.Contains(IdOf(44).ToString(), changed.Detail, StringComparison.Ordinal);

        Finding surplus = Assert.Single(Verify(manifest, Write(encoding, [.. numbers, 4000]), against));
        Assert.Equal(FindingKind.Surplus, surplus.Kind);
        Assert.Equal(withReference ? IdOf(4000) : null, surplus.Id);
    }

    [Fact]
    public void MuchDamageIsFoundInBoundedMemory()
    {
        RunManifest manifest = ManifestOf(RecordEncoding.Json, Range(Records));
        string whole = Write(RecordEncoding.Json, Range(Records));
        // Every second one is missing, every fifth that is left is there twice; no more than ten are remembered at once.
        int[] left = [.. Range(Records).Where(static n => n % 2 == 0)];
        int[] twice = [.. left.Where(static n => n % 5 == 0)];
        List<Finding> found = Verify(manifest, Write(RecordEncoding.Json, [.. left, .. twice]), whole, recordsAtOnce: 10);
        Assert.Equal(
            Range(Records).Where(static n => n % 2 == 1).Select(IdOf).Order(),
            found.Where(static f => f.Kind == FindingKind.Missing).Select(static f => f.Id!.Value).Order()
        );
        Assert.Equal(
            twice.Select(IdOf).Order(),
            found.Where(static f => f.Kind == FindingKind.Doubled).Select(static f => f.Id!.Value).Order()
        );
        Assert.Equal(Records / 2 + twice.Length, found.Count);
    }

    [Fact]
    public void NoByteOfAContainerCanBeAltered()
    {
        RunManifest manifest = ManifestOf(RecordEncoding.Avro, Range(12));
        byte[] whole = File.ReadAllBytes(Write(RecordEncoding.Avro, Range(12)));
        int header = HeaderLength(whole);
        for (int at = header; at < whole.Length; at += 3)
        {
            byte[] altered = [.. whole];
            altered[at] ^= 0x10;
            // Where a capture was found is no part of the digest: all else is.
            if (!InUri(whole, at))
                Assert.NotEmpty(Verify(manifest, _folder.Write("altered.avro", altered)));
        }
        for (int length = header; length < whole.Length; length += 7)
            Assert.NotEmpty(Verify(manifest, _folder.Write("cut.avro", whole.AsSpan(0, length))));
    }

    [Fact]
    public void NoByteOfADocumentCanBeAltered()
    {
        RunManifest manifest = ManifestOf(RecordEncoding.Json, Range(4));
        byte[] whole = File.ReadAllBytes(Write(RecordEncoding.Json, Range(4)));
        for (int at = 0; at < whole.Length; at++)
        {
            byte[] altered = [.. whole];
            altered[at] ^= 0x01;
            if (!InUri(whole, at))
                Assert.True(TryVerify(manifest, _folder.Write("altered.json", altered)) != 0, $"byte {at}");
        }

        int TryVerify(RunManifest run, string file)
        {
            try
            {
                return Verify(run, file).Count;
            }
            catch (FlowPipeException)
            {
                // The first byte says what kind of file it is.
                return -1;
            }
        }
    }

    [Fact]
    public void AReferenceThatIsNotOfTheRunIsRefused()
    {
        RunManifest manifest = ManifestOf(RecordEncoding.Json, Range(Records));
        string other = Write(RecordEncoding.Json, Range(Records - 1));
        string damaged = Write(RecordEncoding.Json, Range(Records - 2));
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => Verify(manifest, damaged, other));
        Assert.Contains("not of the manifest's run", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<FlowPipeException>(() => Verify(manifest, Write(RecordEncoding.Avro, Range(3))));
        Assert.Contains("JSON documents only", e.Message, StringComparison.Ordinal);
        RunManifest forged = manifest with { Digests = new ManifestDigests { Json = manifest.Digests.Json! with { Records = 1 } } };
        e = Assert.Throws<FlowPipeException>(() => Verify(forged, damaged));
        Assert.Contains("contradicts itself", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RecordEncoding.Avro, RecordEncoding.Avro, long.MaxValue)]
    [InlineData(RecordEncoding.Json, RecordEncoding.Json, 500)]
    [InlineData(RecordEncoding.Avro, RecordEncoding.Json, 500)]
    public void DifferencesAreNamedByIdAndField(RecordEncoding a, RecordEncoding b, long bytesAtOnce)
    {
        string before = Write(a, [.. Range(Records).Where(static n => n != 3)]);
        string after = Write(b, [.. Range(Records).Where(static n => n != 5), 5000], changed: 7);
        var found = new List<Difference>();
        using var diff = new RecordDiff(new RawFile(before), new RawFile(after), [], found.Add, bytesAtOnce);
        diff.Run(CancellationToken.None);
        Assert.Equal(
            [(DifferenceKind.OnlyInA, IdOf(5)), (DifferenceKind.OnlyInB, IdOf(3)), (DifferenceKind.OnlyInB, IdOf(5000))],
            found
                .Where(static d => d.Kind != DifferenceKind.Changed)
                .Select(static d => (d.Kind, d.Id))
                .OrderBy(static d => d.Kind)
                .ThenByDescending(static d => d.Id)
        );
        Difference changed = Assert.Single(found, static d => d.Kind == DifferenceKind.Changed);
        Assert.Equal(IdOf(7), changed.Id);
        FieldChange change = Assert.Single(changed.Fields);
        Assert.EndsWith("packets", change.Path, StringComparison.Ordinal);
        Assert.Equal(("7", "8"), (change.A, change.B));
        Assert.True(bytesAtOnce == long.MaxValue || diff.Looks > 2, $"{diff.Looks} looks");
    }

    [Fact]
    public void WhatIsIgnoredMakesNoDifference()
    {
        string before = Write(RecordEncoding.Json, Range(20));
        string after = Write(RecordEncoding.Json, Range(20), changed: 7);
        foreach (string ignored in (string[])["network", "network.packets"])
        {
            using var diff = new RecordDiff(new RawFile(before), new RawFile(after), [ignored], static _ => { });
            diff.Run(CancellationToken.None);
            Assert.False(diff.Any, ignored);
        }
        using var other = new RecordDiff(new RawFile(before), new RawFile(after), ["net"], static _ => { });
        other.Run(CancellationToken.None);
        Assert.True(other.Any);
    }

    [Fact]
    public async Task DiffsStatusSaysWhatItFound()
    {
        string before = Write(RecordEncoding.Json, Range(20));
        string after = Write(RecordEncoding.Json, Range(20), changed: 7);
        CommandRun run = await CommandRun.OfAsync("diff", before, before);
        Assert.Equal(0, run.Status);
        Assert.Equal("", run.Out);
        run = await CommandRun.OfAsync("diff", before, after);
        Assert.Equal(1, run.Status);
        Assert.Contains("~ " + IdOf(7), run.Out, StringComparison.Ordinal);
        Assert.Contains("network.packets: 7 → 8", run.Out, StringComparison.Ordinal);
        run = await CommandRun.OfAsync("diff", before, after, "--format", "json");
        Assert.Equal(
            $$"""{"id":"{{IdOf(7)}}","kind":"changed","fields":{"network.packets":{"a":7,"b":8} } }""".Replace(
                " }",
                "}",
                StringComparison.Ordinal
            ) + "\n",
            run.Out
        );
        (await CommandRun.OfAsync("diff", before, before + ".absent")).AssertFailed(2, "absent", "can't be read");
        (await CommandRun.OfAsync("diff", before, "-")).AssertFailed(2, "stdin");
        (await CommandRun.OfAsync("diff", before, "kafka://embedded/x")).AssertFailed(2, "embedded");
    }

    private static bool InUri(byte[] file, int at)
    {
        for (int start = Math.Max(0, at - Uri.Length + 1); start <= at; start++)
            if (file.AsSpan(start).StartsWith(Uri))
                return true;
        return false;
    }

    private static int[] Range(int count) => [.. Enumerable.Range(0, count)];

    private static List<Finding> Verify(
        RunManifest manifest,
        string file,
        string? against = null,
        int recordsAtOnce = Verifier.RecordsAtOnce
    )
    {
        var found = new List<Finding>();
        using var verifier = new Verifier(manifest, new RawFile(file), new Findings(found.Add, long.MaxValue), recordsAtOnce);
        verifier.Run(against is null ? null : encoding => new OutputReference(new RawFile(against), encoding), CancellationToken.None);
        return found;
    }

    private static RunManifest ManifestOf(RecordEncoding encoding, int[] numbers)
    {
        var sums = new DigestBuckets();
        using var hasher = new RecordHasher();
        var avro = new AvroContent(SessionSchema.Json);
        byte[] digest = new byte[32];
        foreach (int number in numbers)
        {
            byte[] record = Encode(encoding, number, isChanged: false);
            Range uris;
            if (encoding == RecordEncoding.Avro)
                uris = avro.Uris(record);
            else
                JsonContent.Find(record, out _, out uris);
            hasher.Hash(IdOf(number), record, uris, digest);
            sums.Add(IdOf(number), digest);
        }
        var digests = ManifestDigest.Of(sums, null);
        return new RunManifest
        {
            Format = RunManifest.CurrentFormat,
            Ok = true,
            Digests = encoding == RecordEncoding.Avro ? new ManifestDigests { Avro = digests } : new ManifestDigests { Json = digests },
        };
    }

    private string Write(RecordEncoding encoding, IEnumerable<int> numbers, int changed = -1)
    {
        using var file = new MemoryStream();
        using (AvroContainerWriter? writer = encoding == RecordEncoding.Avro ? new AvroContainerWriter(file, SessionSchema.Json) : null)
        {
            int written = 0;
            foreach (int number in numbers)
            {
                byte[] record = Encode(encoding, number, number == changed);
                if (writer is null)
                    file.Write([.. record, (byte)'\n']);
                else
                    writer.Append(record);
                if (++written % 100 == 0)
                    writer?.FlushBlock();
            }
            writer?.FlushBlock();
        }
        return _folder.Write(Guid.NewGuid() + (encoding == RecordEncoding.Avro ? ".avro" : ".json"), file.ToArray());
    }

    private static int HeaderLength(byte[] container)
    {
        using var empty = new MemoryStream();
        using (new AvroContainerWriter(empty, SessionSchema.Json, sync: container.AsSpan(container.Length - 16)))
            return (int)empty.Length;
    }

    /// <summary>Ids spread as those of real records are.</summary>
    private static Guid IdOf(int number) =>
        new(System.Security.Cryptography.SHA256.HashData(BitConverter.GetBytes(number)).AsSpan(0, 16), bigEndian: true);

    private static byte[] Encode(RecordEncoding encoding, int number, bool isChanged)
    {
        FieldDictionary fields = FieldDictionary.Default;
        var values = new SpiFields();
        values.Add(fields["first_packet"], 1714564800000 + number);
        values.Add(fields["id"], Encoding.ASCII.GetBytes(IdOf(number).ToString()));
        values.Add(fields["protocols"], "tcp"u8);
        values.Add(fields["packets"], isChanged ? 8 : 7);
        values.Add(fields["file_uris"], Uri);
        if (encoding == RecordEncoding.Json)
        {
            var document = new ArrayBufferWriter<byte>();
            new Sessions3Writer().Write(new SpiRow(), values, document);
            return document.WrittenSpan.ToArray();
        }
        byte[] record = new byte[4096];
        Assert.True(new SpiRecordEncoder().TryEncode(new SpiRow(), values, record, out int written));
        return record[..written];
    }
}
