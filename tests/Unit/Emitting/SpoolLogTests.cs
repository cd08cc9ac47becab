using System.Text;
using Confluent.Kafka;
using CsCheck;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Core.Emitting.Spooling;

namespace FlowPipe.Tests.Unit.Emitting;

/// <summary>The log on disk: what was put into it comes out in order, whatever happens to the process or the file.</summary>
public sealed class SpoolLogTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AMessageComesBackAsItWas()
    {
        using SpoolLog log = Open();
        var message = new OutgoingMessage
        {
            Topic = "a.topic",
            Records = 3,
            Id = Guid.NewGuid(),
            FirstPacketNs = -5,
            LastPacketNs = long.MaxValue,
            NeedsFrame = true,
            DeadReason = "too-large",
            Kafka = new Message<byte[], byte[]>
            {
                Key = [1, 2],
                Value = Encoding.UTF8.GetBytes("größe"),
                Headers = [new Header("id", [3]), new Header("nothing", null), new Header("id", [])],
            },
        };
        Assert.Equal(SpoolOutcome.Kept, log.TryAppend(message));
        var read = new OutgoingMessage();
        Assert.True(log.TryRead(read, 10));
        Assert.Equal(
            (
                message.Topic,
                message.Records,
                message.Id,
                message.FirstPacketNs,
                message.LastPacketNs,
                message.NeedsFrame,
                message.DeadReason
            ),
            (read.Topic, read.Records, read.Id, read.FirstPacketNs, read.LastPacketNs, read.NeedsFrame, read.DeadReason)
        );
        Assert.Equal(message.Kafka.Key, read.Kafka.Key);
        Assert.Equal(message.Kafka.Value, read.Kafka.Value);
        Assert.Equal(["id", "nothing", "id"], read.Kafka.Headers.Select(header => header.Key));
        Assert.Equal(
            [
                [3],
                null,
                [],
            ],
            read.Kafka.Headers.Select(header => header.GetValueBytes())
        );
        Assert.False(read.IsOfEarlierRun);

        OutgoingMessage keyless = Message(0);
        keyless.Kafka.Key = null!;
        Assert.Equal(SpoolOutcome.Kept, log.TryAppend(keyless));
        Assert.True(log.TryRead(read, 10));
        Assert.Null(read.Kafka.Key);
    }

    [Theory]
    [InlineData("", 0x00000000u)]
    [InlineData("123456789", 0xE3069283u)] // the check value of CRC-32/ISCSI
    [InlineData("abcdefghijklmnopqrstuvwxyz", 0x9EE6EF25u)]
    public void TheChecksumIsCastagnolis(string text, uint expected) => Assert.Equal(expected, Crc32C.Of(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void OnlyOneProcessHasIt()
    {
        var target = new KafkaTarget("host:9092", "t");
        using (SpoolFolder.Lock(_folder.Path, target, "kafka://host:9092/t"))
        {
            FlowPipeException e = Assert.Throws<FlowPipeException>(() => SpoolFolder.Lock(_folder.Path, target, "x"));
            Assert.Contains("another flowpipe has it", e.Message, StringComparison.Ordinal);
        }
        using SpoolFolder again = SpoolFolder.Lock(_folder.Path, target, "kafka://host:9092/t");
        Assert.Equal([again.Path], SpoolFolder.AllIn(_folder.Path));
        Assert.Equal("kafka://host:9092/t", SpoolFolder.SinkOf(again.Path));
    }

    [Fact]
    public void WhatIsAcknowledgedLeavesTheDisk()
    {
        using SpoolLog log = Open(segment: 4_000);
        for (int i = 0; i < 300; i++)
            Assert.Equal(SpoolOutcome.Kept, log.TryAppend(Message(i)));
        Assert.InRange(Segments().Length, 10, 40);
        for (int i = 0; i < 300; i++)
        {
            var read = new OutgoingMessage();
            Assert.True(log.TryRead(read, 1000));
            Assert.Equal(i, NumberOf(read));
            if (i % 2 == 0)
                log.Acknowledge(read.Sequence);
        }
        Assert.False(log.TryRead(new OutgoingMessage(), 1000));
        Assert.InRange(Segments().Length, 10, 40);
        Assert.False(log.IsEmpty);
        for (int i = 299; i > 0; i -= 2)
            log.Acknowledge(i);
        Assert.True(log.IsEmpty);
        Assert.Equal((0, 0), (Segments().Length, log.Bytes));
    }

    [Fact]
    public void NoMoreAreOnTheirWayThanWasSaid()
    {
        using SpoolLog log = Open();
        for (int i = 0; i < 5; i++)
            log.TryAppend(Message(i));
        Assert.True(log.TryRead(new OutgoingMessage(), 2));
        Assert.True(log.TryRead(new OutgoingMessage(), 2));
        Assert.False(log.TryRead(new OutgoingMessage(), 2));
        log.Acknowledge(0);
        Assert.True(log.TryRead(new OutgoingMessage(), 2));
    }

    [Fact]
    public void AFullSpoolIsWaitedFor()
    {
        using SpoolLog log = Open(max: 20_000, segment: 2_000);
        int kept = 0;
        while (log.TryAppend(Message(kept)) == SpoolOutcome.Kept)
            kept++;
        Assert.InRange(kept, 50, 200);
        Assert.Equal(SpoolOutcome.Full, log.TryAppend(Message(kept)));
        Assert.Single(_warnings, warning => warning.Contains("spool.maxBytes", StringComparison.Ordinal));
        for (int i = 0; i < 40; i++)
        {
            var read = new OutgoingMessage();
            Assert.True(log.TryRead(read, 1000));
            log.Acknowledge(read.Sequence);
        }
        Assert.Equal(SpoolOutcome.Kept, log.TryAppend(Message(kept)));
    }

    [Theory]
    [InlineData(SpoolOnFull.DropOldest)]
    [InlineData(SpoolOnFull.DropNewest)]
    public void WhatGivesWayIsCounted(SpoolOnFull policy)
    {
        using SpoolLog log = Open(max: 20_000, segment: 2_000, policy);
        long lost = 0;
        log.OnLost = (records, isEarlier, loss) =>
        {
            Assert.Equal((false, SpoolLoss.Evicted), (isEarlier, loss));
            lost += records;
        };
        const int count = 500;
        for (int i = 0; i < count; i++)
        {
            SpoolOutcome outcome = log.TryAppend(Message(i));
            lost += outcome == SpoolOutcome.Evicted ? 1 : 0;
            Assert.True(log.Bytes <= 20_000);
        }
        List<int> left = Drain(log);
        Assert.Equal(count, left.Count + lost);
        Assert.InRange(left.Count, 50, 200);
        Assert.Equal(Enumerable.Range(policy == SpoolOnFull.DropNewest ? 0 : count - left.Count, left.Count), left);
    }

    [Fact]
    public void AMessageLargerThanTheSpoolIsNotWaitedFor()
    {
        using SpoolLog log = Open(max: 20_000);
        Assert.Equal(SpoolOutcome.NeverFits, log.TryAppend(Message(0, 20_000)));
    }

    [Fact]
    public void ADamagedCursorCostsNoRecord()
    {
        using (SpoolLog log = Open())
        {
            for (int i = 0; i < 5; i++)
                log.TryAppend(Message(i));
            var read = new OutgoingMessage();
            Assert.True(log.TryRead(read, 10));
            log.Acknowledge(read.Sequence);
        }
        using (SpoolLog log = Open())
            Assert.Equal(4, log.UnreadRecords);
        byte[] cursor = File.ReadAllBytes(_folder.File("cursor"));
        cursor[9] ^= 1;
        File.WriteAllBytes(_folder.File("cursor"), cursor);
        using (SpoolLog log = Open())
            Assert.Equal([0, 1, 2, 3, 4], Drain(log));
    }

    /// <summary>Damage in the middle of a file costs what it has hit, and is said.</summary>
    [Fact]
    public void DamageCostsWhatItHits()
    {
        using (SpoolLog log = Open())
        {
            for (int i = 0; i < 50; i++)
                log.TryAppend(Message(i));
        }
        string file = Assert.Single(Segments());
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 0x40;
        File.WriteAllBytes(file, bytes);
        using SpoolLog damaged = Open();
        long lost = 0;
        damaged.OnLost = (records, isEarlier, loss) =>
        {
            Assert.Equal((true, SpoolLoss.Damaged), (isEarlier, loss));
            lost += records;
        };
        List<int> left = Drain(damaged);
        Assert.Equal((49, 1), (left.Count, lost));
        Assert.Equal(left.Order(), left);
        Assert.Contains(_warnings, warning => warning.Contains("damaged: 1 records", StringComparison.Ordinal));
    }

    /// <summary>
    /// Appends, drains, and kills: the process is gone without a word, and perhaps the last write with it. Nothing that was not acknowledged is missing, all is
    /// in order, and what was acknowledged comes again only after a kill.
    /// </summary>
    [Fact]
    public void NothingIsLostWhateverHappens() =>
        Gen.Select(Gen.Int[1, 6], Gen.Int[0, 5].Array[1, 40], Gen.Int[0, 100_000])
            .Sample(
                (scale, steps, seed) =>
                {
                    using var folder = new TestFolder();
                    var random = new Random(seed);
                    var settings = new SpoolSettings { Dir = folder.Path, SegmentBytes = 300 * scale };
                    var log = new SpoolLog(folder.Path, settings, static _ => { });
                    var acknowledged = new HashSet<int>();
                    var seen = new List<OutgoingMessage>();
                    int appended = 0;
                    var sinceOpened = new HashSet<int>(); // acknowledged to this process
                    bool isWriting = false;
                    int lowest = 0; // all before it were acknowledged, and the cursor says so
                    foreach (int step in steps)
                    {
                        switch (step)
                        {
                            case 0 or 1:
                                isWriting = true;
                                for (int i = random.Next(1, 12); i > 0; i--)
                                    Assert.Equal(SpoolOutcome.Kept, log.TryAppend(Message(appended++, random.Next(0, 200))));
                                break;
                            case 2:
                                for (int i = random.Next(1, 12); i > 0; i--)
                                {
                                    var read = new OutgoingMessage();
                                    if (log.TryRead(read, 20))
                                        seen.Add(read);
                                }
                                break;
                            case 3 when seen.Count > 0:
                                for (int i = random.Next(1, seen.Count + 1); i > 0 && seen.Count > 0; i--)
                                {
                                    int which = random.Next(seen.Count);
                                    acknowledged.Add(NumberOf(seen[which]));
                                    sinceOpened.Add(NumberOf(seen[which]));
                                    log.Acknowledge(seen[which].Sequence);
                                    seen.RemoveAt(which);
                                }
                                break;
                            case 4:
                                log.Keep();
                                while (sinceOpened.Contains(lowest))
                                    lowest++;
                                break;
                            case 5:
                                Kill(folder, ref log, settings, random, isWriting ? appended : 0, acknowledged);
                                isWriting = false;
                                seen.Clear();
                                sinceOpened.Clear();
                                break;
                            default:
                                break;
                        }
                    }
                    log.Dispose();
                    using var last = new SpoolLog(folder.Path, settings, static _ => { });
                    List<int> left = Drain(last);
                    Assert.Equal(left.Distinct().Order(), left);
                    Assert.DoesNotContain(left, number => number < lowest);
                    Assert.Empty(Enumerable.Range(0, appended).Except(acknowledged).Except(left));
                },
                iter: 50,
                seed: "0000KxW6tX3a",
                threads: 1
            );

    /// <summary>The files as they were at some moment, the last of them cut or spoilt at its end, as a power cut leaves it.</summary>
    private static void Kill(
        TestFolder folder,
        ref SpoolLog log,
        SpoolSettings settings,
        Random random,
        int appended,
        HashSet<int> acknowledged
    )
    {
        string copy = folder.File("copy");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(folder.Path))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        log.Dispose();
        foreach (string file in Directory.GetFiles(folder.Path))
            File.Delete(file);
        foreach (string file in Directory.GetFiles(copy))
            File.Move(file, folder.File(Path.GetFileName(file)));
        string[] segments = [.. Directory.GetFiles(folder.Path, "*.seg").Order(StringComparer.Ordinal)];
        if (segments.Length > 0 && random.Next(2) == 0)
        {
            // Half a write more than there was: a part of an entry, or zeros, or noise.
            byte[] tail = new byte[random.Next(1, 100)];
            if (random.Next(2) == 0)
                random.NextBytes(tail);
            using FileStream end = File.Open(segments[^1], FileMode.Append);
            end.Write(tail);
        }
        else if (segments.Length > 0 && random.Next(2) == 0)
        {
            // The last entry was being written: its end is not there, and nobody has been told that it was.
            using FileStream cut = File.Open(segments[^1], FileMode.Open);
            if (appended > 0 && cut.Length > SpoolSegment.HeaderLength)
            {
                cut.SetLength(cut.Length - 1);
                acknowledged.Add(appended - 1);
            }
        }
        log = new SpoolLog(folder.Path, settings, static _ => { });
    }

    private SpoolLog Open(long max = 1 << 20, long segment = 1 << 20, SpoolOnFull onFull = SpoolOnFull.Wait) =>
        new(
            _folder.Path,
            new SpoolSettings
            {
                Dir = _folder.Path,
                MaxBytes = max,
                SegmentBytes = segment,
                OnFull = onFull,
            },
            _warnings.Add
        );

    private string[] Segments() => Directory.GetFiles(_folder.Path, "*.seg");

    private static List<int> Drain(SpoolLog log)
    {
        var numbers = new List<int>();
        while (true)
        {
            var read = new OutgoingMessage();
            if (!log.TryRead(read, 10))
                return numbers;
            numbers.Add(NumberOf(read));
            log.Acknowledge(read.Sequence);
        }
    }

    private static OutgoingMessage Message(int number, int length = 20) =>
        new()
        {
            Topic = "t",
            Records = 1,
            Id = TestRecords.IdOf(number),
            Kafka = new Message<byte[], byte[]>
            {
                Key = TestRecords.KeyOf(number),
                Value = TestRecords.JsonOf(number, length),
                Headers = [new Header("id", Encoding.UTF8.GetBytes(TestRecords.IdOf(number).ToString()))],
            },
        };

    private static int NumberOf(OutgoingMessage message) => BitConverter.ToInt32(message.Id.ToByteArray());
}
