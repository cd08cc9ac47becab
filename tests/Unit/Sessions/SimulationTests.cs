using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>
/// DESIGN law 2 as a property: over random captures, false stamps and several files included, the pipeline makes the records that a slow and
/// obvious model makes, whatever the number of partitions and the size of the batches.
/// </summary>
public sealed class SimulationTests
{
    private const long Second = 1_000_000_000;
    private const long Epoch = 1_700_000_000 * Second;
    private const long Year = 365L * 24 * 3600 * Second;
    private static readonly SessionType[] Types = [SessionType.Tcp, SessionType.Udp, SessionType.Icmp, SessionType.Sctp];

    // Steps in tenths of a second, so that deadlines are met exactly now and then.
    private static readonly Gen<long> Step = Gen.Frequency(
        (10, Gen.Long[0, 12]),
        (3, Gen.Long[0, 90]),
        (1, Gen.Long[-40, 0]),
        (1, Gen.Long[0, 1500])
    );

    private static readonly Gen<long> False = Gen.Frequency(
        (30, Gen.Const(0L)),
        (1, Gen.Long[-20 * Year, 20 * Year]),
        (1, Gen.Long[-30 * Second, 30 * Second])
    );

    private static readonly Gen<(long Step, long False, int Flow, int Type, bool Forward)[]> Capture = Gen.Select(
        Step,
        False,
        Gen.Int[0, 5],
        Gen.Int[0, 3],
        Gen.Bool
    ).Array[1, 150];

    private static readonly Gen<SessionSettings> Settings = Gen.Select(
        Gen.Int[1, 12].Array[4],
        Gen.OneOf(Gen.Int[1, 10], Gen.Int[50, 1000]),
        Gen.Int[1, 30],
        (timeouts, maxPackets, save) =>
            new SessionSettings
            {
                TcpTimeout = timeouts[0],
                UdpTimeout = timeouts[1],
                IcmpTimeout = timeouts[2],
                SctpTimeout = timeouts[3],
                MaxPackets = maxPackets,
                TcpSaveTimeout = save,
            }
    );

    [Fact]
    public void RecordsAreAFunctionOfThePacketsAlone()
    {
        Gen.Select(Gen.Select(Capture, Gen.Long[-200, 200]).Array[1, 3], Settings, Gen.Int[2, 16], Gen.Int[1, 20].Array[1, 4])
            .Sample(
                (captures, settings, partitions, batches) =>
                {
                    MemorySource[] sources = Sources(captures, out List<ModelPacket> packets);
                    List<ModelRecord> expected = new SessionModel(settings).Run(packets);
                    string[] one = Run(sources, settings, 1, batches, out byte[][] avro);
                    Assert.Equal(expected.Select(record => record.ToString()).Order(StringComparer.Ordinal), one);
                    string[] many = Run(sources, settings, partitions, [.. batches.Reverse()], out byte[][] others);
                    Assert.Equal(one, many);
                    Assert.Equal(avro.Select(Convert.ToHexString), others.Select(Convert.ToHexString));
                },
                iter: 80
            );
    }

    /// <summary>What the model leaves out: any flags, in any order, at any time. Whatever comes of it must not depend on partitions.</summary>
    [Fact]
    public void AnyTcpGivesTheSameRecordsInAnyPartitions()
    {
        Gen.Select(
                Gen.Select(Step, False, Gen.Int[0, 3], Gen.Bool, Gen.Int[0, 63], Gen.UInt[0, 40], Gen.UInt[0, 40], Gen.Int[0, 12]).Array[
                    1,
                    120
                ],
                Settings,
                Gen.Int[2, 16],
                Gen.Int[1, 20].Array[1, 4]
            )
            .Sample(
                (steps, settings, partitions, batches) =>
                {
                    settings = settings with { TcpClosingTimeout = 1, MaxTcpOutOfOrderPackets = 4 };
                    var packets = new List<CapturedPacket>();
                    long time = Epoch;
                    foreach (
                        (long step, long wrong, int flow, bool forward, int flags, uint sequence, uint acknowledged, int length) in steps
                    )
                    {
                        time += step * (Second / 10);
                        var conversation = new Conversation("10.0.0.1", 1000 + flow);
                        conversation.Tcp(0, forward, flags, sequence - 10, acknowledged - 10, new string('x', length));
                        packets.Add(new CapturedPacket(time + wrong, conversation.Packets[0].Data));
                    }
                    MemorySource[] sources = [new(packets, Fingerprint: $"{0:x16}")];
                    string[] one = Run(sources, settings, 1, batches, out byte[][] avro);
                    Assert.Equal(one, Run(sources, settings, partitions, [3], out byte[][] others));
                    Assert.Equal(avro.Select(Convert.ToHexString), others.Select(Convert.ToHexString));
                },
                iter: 50
            );
    }

    private static MemorySource[] Sources(
        ((long Step, long False, int Flow, int Type, bool Forward)[] Steps, long Begin)[] captures,
        out List<ModelPacket> packets
    )
    {
        packets = [];
        var sources = new MemorySource[captures.Length];
        long time = Epoch;
        for (int source = 0; source < sources.Length; source++)
        {
            // the next file begins a little later or earlier than the last one ended
            time += captures[source].Begin * Second;
            var captured = new List<CapturedPacket>();
            long offset = 24;
            foreach ((long step, long wrong, int flow, int type, bool forward) in captures[source].Steps)
            {
                time += step * (Second / 10);
                byte[] frame = Frame(Types[type], flow, forward);
                packets.Add(new ModelPacket(source, time + wrong, flow, Types[type], offset));
                captured.Add(new CapturedPacket(time + wrong, frame));
                offset += 16 + frame.Length;
            }
            sources[source] = new MemorySource(captured, Fingerprint: $"{source:x16}");
        }
        return sources;
    }

    private static byte[] Frame(SessionType type, int flow, bool forward)
    {
        string here = $"10.0.0.{1 + flow}";
        const string There = "10.9.9.9";
        (int from, int to) = forward ? (1000, 2000) : (2000, 1000);
        return EthernetIp(
            type switch
            {
                SessionType.Tcp => TcpNumber,
                SessionType.Udp => UdpNumber,
                SessionType.Icmp => IcmpNumber,
                _ => SctpNumber,
            },
            forward ? here : There,
            forward ? There : here,
            type switch
            {
                SessionType.Tcp => Tcp(from, to, 1, 1, Conversation.Psh | Conversation.Ack, [1, 2, 3]),
                SessionType.Udp => Udp(from, to, [1, 2, 3]),
                SessionType.Icmp => Icmp(8, 0, new byte[4]),
                _ => Sctp(from, to, SctpData(46, [1, 2, 3])),
            }
        );
    }

    private static string[] Run(MemorySource[] sources, SessionSettings settings, int partitions, int[] batches, out byte[][] avro)
    {
        IReadOnlyList<GatheredRecord> records = SessionRun
            .OfAsync(sources, settings, partitions: partitions, batchSizes: batches)
            .GetAwaiter()
            .GetResult();
        Dictionary<Guid, (string, long)> begins = records
            .Where(record => record.Long("segment") == 0)
            .ToDictionary(record => record.Id, record => record.Positions()[0]);
        (string Text, byte[] Avro)[] all = [.. records.Select(record => (Describe(record, begins), record.Avro))];
        Array.Sort(
            all,
            (a, b) => string.CompareOrdinal(a.Text, b.Text) is var order and not 0 ? order : a.Avro.AsSpan().SequenceCompareTo(b.Avro)
        );
        avro = [.. all.Select(record => record.Avro)];
        return [.. all.Select(record => record.Text)];
    }

    /// <summary>A record as the model would put it. Positions are its own; those of the session's first packet are in its first segment.</summary>
    private static string Describe(GatheredRecord record, Dictionary<Guid, (string Source, long Offset)> begins)
    {
        Guid root = record.RootId == Guid.Empty ? record.Id : record.RootId;
        (string source, long offset) = begins[root];
        return new ModelRecord(
            Convert.ToInt32(source, 16),
            offset,
            record.Long("first_packet_ns"),
            record.Long("last_packet_ns"),
            record.Long("packets"),
            record.Reason,
            record.Final,
            (int)record.Long("segment")
        ).ToString();
    }
}
