using CsCheck;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.Reading;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Writing;

/// <summary>
/// Whatever comes, however the disk behaves: a record that does not say that packets of it are missing finds them all in the files, byte for byte, at the
/// moment in which it is delivered, and each packet is in one line of the ledger. The records that the same packets give without a writer say which
/// packets these are.
/// </summary>
public sealed class WriterPropertyTests : IDisposable
{
    private const long Epoch = 1_700_000_000_000_000_000;
    private const long Tenth = 100_000_000;
    private const int Ethernet = 1;
    private const int RawIp = 101;
    private const int EthernetHeader = 14;
    private const string Fine = "";
    private const string Slow = "slow";
    private const string Refusing = "refusing";

    private static readonly Gen<Step> Packet = Gen.Select(
        Gen.Frequency((20, Gen.Long[0, 12]), (2, Gen.Long[0, 400]), (1, Gen.Long[-40, 0])),
        Gen.Int[0, 5],
        Pick.From(Kind.Udp, Kind.Udp, Kind.Tcp, Kind.Fin, Kind.Icmp, Kind.Fragments, Kind.LastFragmentMissing),
        Gen.Bool,
        Pick.From(8, 8, 100, 1_400, 20_000, 60_000),
        Pick.From(0, 0, 0, 0, 0, 6, 180_000),
        (tenths, flow, kind, forward, size, trailer) => new Step(tenths, flow, kind, forward, size, trailer)
    );

    private static readonly Gen<SessionSettings> Sessions = Gen.Select(
        Gen.Int[1, 12],
        Gen.OneOf(Gen.Int[1, 10], Gen.Int[50, 1000]),
        Gen.Int[1, 30],
        (timeout, maxPackets, save) =>
            new SessionSettings
            {
                TcpTimeout = timeout,
                UdpTimeout = timeout,
                IcmpTimeout = timeout,
                MaxPackets = maxPackets,
                TcpSaveTimeout = save,
            }
    );

    private static readonly Gen<WriterSettings> Writer = Gen.Select(
        Pick.From(200L, 5_000L, 300_000L, 4L << 30),
        Gen.Int[0, 1],
        Pick.From(WriterSettings.None, WriterSettings.Zstd),
        Pick.From(WriterSettings.RoundRobin, WriterSettings.MaxFreeBytes),
        Gen.Int[1, 3],
        Gen.Int[1, 8],
        (size, minutes, compression, algorithm, folders, buffers) =>
            new WriterSettings
            {
                PcapWriteMethod = WriterSettings.Simple,
                PcapWriteSize = WriterSettings.SmallestBuffer,
                MaxFileSize = size,
                MaxFileTimeM = minutes,
                SimpleCompression = compression,
                PcapDirAlgorithm = algorithm,
                PcapDir = [.. Enumerable.Range(0, folders).Select(static folder => $"{folder}")],
                MaxWriteBuffers = buffers,
                Node = "sensor",
                RetryAfter = TimeSpan.FromMilliseconds(1),
                ProbeEvery = TimeSpan.FromMilliseconds(5),
            }
    );

    private static readonly Gen<string[]> Disk = Gen.Frequency((30, Gen.Const(Fine)), (3, Gen.Const(Slow)), (2, Gen.Const(Refusing))).Array[
        0,
        60
    ];

    private readonly TemporaryFolder _folder = new();

    private enum Kind
    {
        Udp,
        Tcp,
        Fin,
        Icmp,
        Fragments,
        LastFragmentMissing,
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task AReplayLosesNothing() =>
        await Gen.Select(
                Gen.Select(Packet.Array[1, 60], Pick.From(Ethernet, RawIp)).Array[1, 3],
                Sessions,
                Writer,
                Disk,
                Gen.Int[1, 4],
                Gen.Int[1, 20].Array[1, 4]
            )
            .SampleAsync(
                async (captures, sessions, writer, disk, partitions, batches) =>
                {
                    MemorySource[] sources = Sources(captures);
                    IReadOnlyList<GatheredRecord> expected = await SessionRun.OfAsync(sources, sessions);
                    var reader = new MemoryReader(sources) { BatchSizes = batches };
                    await using Checked run = new(this, reader, sessions, writer, disk, partitions);
                    await run.RunAsync(expected, Places(sources));
                    Assert.Equal(0, reader.Lent);
                    Assert.Equal((0, 0), (run.Counts.UnsavedPackets, run.Writer.Counts.LostPackets));
                    Assert.Equal(run.Counts.RecordPackets, run.Writer.Counts.Packets);
                },
                iter: 25,
                threads: 1
            );

    [Fact]
    public async Task ACaptureLosesNothingWithoutSayingSo() =>
        await Gen.Select(Gen.Select(Packet.Array[1, 12], Gen.Int[0, 30]).Array[1, 12], Sessions, Writer, Disk, Gen.Int[1, 4])
            .SampleAsync(
                async (bursts, sessions, writer, disk, partitions) =>
                {
                    var steps = new List<LiveStep>();
                    var all = new List<CapturedPacket>();
                    long now = Epoch;
                    foreach ((Step[] burst, int pause) in bursts)
                    {
                        List<CapturedPacket> packets = Packets(burst, ref now, all.Count, Ethernet);
                        all.AddRange(packets);
                        steps.Add(new LiveStep(0, packets));
                        now += pause * 10 * Tenth;
                        steps.Add(LiveStep.Tick(0, now / 1e9));
                    }
                    var plain = new GatheringSink();
                    using (var run = new SessionRun(new ScriptedLiveReader(1, [.. steps]), plain, sessions, partitions: 1))
                    {
                        await run.RunAsync(TestContext.Current.CancellationToken);
                        Assert.Equal((0, 0), (run.Counts.Refused, run.Reader.Counts.Shed));
                    }
                    Dictionary<(string, long), CapturedPacket> places = [];
                    for (int i = 0; i < all.Count; i++)
                        places.Add(("00112233aabbcc00", i), all[i]);
                    var reader = new ScriptedLiveReader(1, [.. steps]);
                    await using Checked written = new(this, reader, sessions, writer with { IsLive = true }, disk, partitions);
                    await written.RunAsync(plain.Records, places);
                },
                iter: 25,
                threads: 1
            );

    private static MemorySource[] Sources((Step[] Steps, int LinkType)[] captures)
    {
        long now = Epoch;
        int number = 0;
        var sources = new MemorySource[captures.Length];
        for (int source = 0; source < captures.Length; source++)
        {
            (Step[] steps, int linkType) = captures[source];
            List<CapturedPacket> packets = Packets(steps, ref now, number, linkType);
            number += packets.Count;
            sources[source] = new MemorySource(packets, linkType, $"{source:x16}");
        }
        return sources;
    }

    private static Dictionary<(string Source, long Offset), CapturedPacket> Places(MemorySource[] sources)
    {
        var places = new Dictionary<(string, long), CapturedPacket>();
        foreach (MemorySource source in sources)
        {
            long offset = PcapLayout.FileHeaderLength;
            foreach (CapturedPacket packet in source.Packets)
            {
                places.Add((source.Fingerprint, offset), packet);
                offset += PcapLayout.RecordHeaderLength + packet.Data.Length;
            }
        }
        return places;
    }

    /// <summary>Frames, no two of them alike.</summary>
    private static List<CapturedPacket> Packets(Step[] steps, ref long now, int first, int linkType)
    {
        var packets = new List<CapturedPacket>();
        foreach (Step step in steps)
        {
            now += step.Tenths * Tenth;
            foreach (byte[] frame in step.Frames(first + packets.Count))
            {
                byte[] data = [.. linkType == RawIp ? frame[EthernetHeader..] : frame, .. new byte[step.Trailer]];
                packets.Add(new CapturedPacket(now + packets.Count, data, data.Length + (step.Flow == 5 ? 7 : 0)));
            }
        }
        return packets;
    }

    /// <param name="Tenths">Of a second since the packet before.</param>
    /// <param name="Flow">Of which conversation.</param>
    /// <param name="Kind">What it is.</param>
    /// <param name="Forward">Who sends it.</param>
    /// <param name="Size">Bytes of data.</param>
    /// <param name="Trailer">Bytes behind the datagram.</param>
    private sealed record Step(long Tenths, int Flow, Kind Kind, bool Forward, int Size, int Trailer)
    {
        public IEnumerable<byte[]> Frames(int number)
        {
            byte[] data = new byte[Size];
            new Random(number).NextBytes(data);
            (string from, string to) = Forward ? ("10.0.0.1", "10.9.9.9") : ("10.9.9.9", "10.0.0.1");
            (int here, int there) = Forward ? (1000 + Flow, 2000) : (2000, 1000 + Flow);
            switch (Kind)
            {
                case Kind.Udp:
                    yield return EthernetIp(UdpNumber, from, to, Udp(here, there, data));
                    break;
                case Kind.Tcp:
                case Kind.Fin:
                    int flags = Conversation.Ack | (Kind == Kind.Fin ? Conversation.Fin : Conversation.Psh);
                    yield return EthernetIp(TcpNumber, from, to, Tcp(here, there, (uint)number * 1000, 1, flags, data));
                    break;
                case Kind.Icmp:
                    yield return EthernetIp(IcmpNumber, from, to, Icmp(8, 0, data));
                    break;
                default:
                    byte[] datagram = Udp(here, there, data);
                    List<Piece> pieces = Fragmenter.Pieces(datagram.Length, 16_000);
                    if (Kind == Kind.LastFragmentMissing)
                        pieces.RemoveAt(pieces.Count - 1);
                    foreach (Piece piece in pieces)
                        yield return Ethernet(IPv4Type, Fragmenter.V4(UdpNumber, from, to, datagram, piece, number & 0xFFFF));
                    break;
            }
        }
    }

    /// <summary>A run whose sink looks on the disk for the packets of each record that it is given.</summary>
    private sealed class Checked : IAsyncDisposable
    {
        private readonly string _root;
        private readonly GatheringSink _sink;
        private readonly SessionRun _run;
        private readonly WriterSettings _settings;
        private Dictionary<Guid, GatheredRecord> _expected = [];
        private Dictionary<(string, long), CapturedPacket> _places = [];
        private readonly List<(GatheredRecord Record, List<(long, uint, string)> Packets)> _found = [];
        private int _writes;

        public Checked(
            WriterPropertyTests test,
            IPacketReader reader,
            SessionSettings sessions,
            WriterSettings settings,
            string[] disk,
            int partitions
        )
        {
            _root = Path.Combine(test._folder.Path, Guid.NewGuid().ToString());
            _settings = settings with
            {
                PcapDir = [.. settings.PcapDir.Select(folder => Path.Combine(_root, folder))],
                Before = _ => BehaveAsync(disk),
            };
            _sink = new GatheringSink { Before = (_, batch) => CheckAsync(batch) };
            _run = new SessionRun(reader, _sink, sessions, partitions: partitions, writer: _settings);
        }

        public SessionCounts Counts => _run.Counts;

        public WriteBlock Writer => _run.Writer!;

        public async Task RunAsync(IReadOnlyList<GatheredRecord> expected, Dictionary<(string, long), CapturedPacket> places)
        {
            _expected = expected.ToDictionary(static record => record.Id);
            _places = places;
            await _run.RunAsync(TestContext.Current.CancellationToken);
            _run.AssertBalanced();
            Assert.Equal(0, Writer.LentBuffers);
            // each partition keeps the name of its newest file, and of no other
            Assert.All(_run.Topology.Sessions, static session => Assert.InRange(session.HeldSources, 0, 1));
            Assert.Equal(Counts.SavedPackets, Writer.Counts.Packets + Writer.Counts.LostPackets);
            Assert.Equal(Counts.RecordPackets, Counts.SavedPackets + Counts.UnsavedPackets);
            Assert.Equal(Writer.Counts.Opened, Writer.Counts.Closed);
            // a capture may have refused sessions while it was behind: then there is nothing to hold its records against
            if (Counts.Refused + _run.Reader.Counts.Shed == 0)
            {
                Assert.Equal(_expected.Keys.Order(), _sink.Records.Select(static record => record.Id).Order());
                foreach ((GatheredRecord record, List<(long, uint, string)> packets) in _found)
                    Assert.Equal(Expected(record), packets);
            }

            // now that the files are closed, by their places ...
            var files = new WrittenFiles(_settings.PcapDir);
            Assert.Equal(Writer.Counts.Opened, files.Paths.Count());
            Assert.Equal(Writer.Counts.DiskBytes, files.Paths.Sum(static path => new FileInfo(path).Length));
            foreach (GatheredRecord record in _sink.Records.Where(static record => !Says(record)))
                AssertSought(record);

            // ... and as captures like any other
            long all = 0;
            var sources = _places.Values.GroupBy(static packet => (packet.TimestampNs, Convert.ToHexString(packet.Data)));
            Dictionary<(long, string), int> left = sources.ToDictionary(static same => same.Key, static same => same.Count());
            foreach (string path in files.Paths)
            {
                ReadBack read = await ReadBack.FilesAsync(path);
                Assert.Empty(read.Damage);
                all += read.Packets.Count;
                foreach (ReadPacket packet in read.Packets)
                    Assert.True(--left[(packet.Packet.TimestampNs, Convert.ToHexString(packet.Packet.Data))] >= 0);
            }
            Assert.Equal(Writer.Counts.Packets, all);
        }

        public ValueTask DisposeAsync()
        {
            _run.Dispose();
            Directory.Delete(_root, recursive: true);
            return ValueTask.CompletedTask;
        }

        private async Task BehaveAsync(string[] disk)
        {
            int write = Interlocked.Increment(ref _writes) - 1;
            switch (write < disk.Length ? disk[write] : Fine)
            {
                case Slow:
                    await Task.Delay(2);
                    break;
                case Refusing:
                    throw new IOException("No space left on device");
                default:
                    break;
            }
        }

        private static bool Says(GatheredRecord record) => record.Texts("tags").Contains("pcap-disk-", StringComparison.Ordinal);

        private Task CheckAsync(Core.Messages.SpiBatch batch)
        {
            var files = new WrittenFiles(_settings.PcapDir);
            for (int i = 0; i < batch.Count; i++)
            {
                var record = new GatheredRecord(batch.Records[i], batch.Partition, batch.AvroOf(batch.Records[i]).ToArray());
                if (!Says(record))
                    _found.Add((record, [.. record.Positions().Select(place => files.Read(place.Source, place.Offset))]));
            }
            return Task.CompletedTask;
        }

        private IEnumerable<(long, uint, string)> Expected(GatheredRecord record) =>
            _expected[record.Id]
                .Positions()
                .Select(place => _places[place])
                .Select(static packet => (packet.TimestampNs, (uint)packet.OriginalLength, Convert.ToHexString(packet.Data)));

        private void AssertSought(GatheredRecord record)
        {
            foreach (IGrouping<string, (string Source, long Offset)> part in record.Positions().GroupBy(static place => place.Source))
            {
                string path = new WrittenFiles(_settings.PcapDir).Paths.Single(path =>
                    Path.GetFileName(path).StartsWith(part.Key + ".", StringComparison.Ordinal)
                );
                using PcapFileReader? file = PcapFileReader.TryOpen(path);
                if (file is null)
                {
                    Assert.True(_settings is { IsLive: true, SimpleCompression: WriterSettings.Zstd }, $"{path} is not as it was written");
                    continue;
                }
                foreach ((_, long offset) in part)
                    Assert.True(file.TryRead(offset, out _));
            }
        }
    }
}
