using FlowPipe.Abstractions;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>A packet as the model sees it.</summary>
internal readonly record struct ModelPacket(int Source, long TimestampNs, int Flow, SessionType Type, long Offset);

/// <summary>What the model says of a record.</summary>
internal readonly record struct ModelRecord(
    int Source,
    long Offset,
    long FirstNs,
    long LastNs,
    long Packets,
    EndReason Reason,
    bool Final,
    int Segment
)
{
    /// <summary>What two records are compared and sorted by.</summary>
    public override string ToString() => $"{Source}:{Offset} #{Segment} {FirstNs}..{LastNs} {Packets} {Reason} {Final}";
}

/// <summary>
/// DESIGN law 2, word by word and as slow as it comes: one dictionary, no wheel, no partitions, no batches. TCP streams never end here, they
/// only become old or full.
/// </summary>
internal sealed class SessionModel(SessionSettings settings)
{
    private const long Minute = 60_000_000_000;
    private readonly Dictionary<(int, SessionType), Open> _open = [];
    private readonly List<ModelRecord> _records = [];

    public List<ModelRecord> Run(IEnumerable<ModelPacket> packets)
    {
        long clock = long.MinValue;
        long before = long.MinValue;
        int source = -1;
        foreach (ModelPacket packet in packets)
        {
            if (source >= 0 && packet.Source != source && clock != long.MinValue && packet.TimestampNs < clock - Minute)
            {
                EndAll(clock);
                clock = before = long.MinValue;
            }
            source = packet.Source;
            clock = Math.Max(clock, Math.Min(before, packet.TimestampNs));
            before = packet.TimestampNs;
            OnPacket(packet, Math.Max(clock, packet.TimestampNs));
        }
        EndAll(clock);
        return _records;
    }

    private void OnPacket(ModelPacket packet, long now)
    {
        (int, SessionType) key = (packet.Flow, packet.Type);
        if (_open.TryGetValue(key, out Open? session) && now > session.LastNow + Timeout(packet.Type))
        {
            End(key, session, EndReason.Timeout);
            session = null;
        }
        bool ages = packet.Type == SessionType.Tcp;
        long saveAt = now + Seconds(settings.TcpSaveTimeout);
        if (session is null)
            _open.Add(key, session = new Open(packet) { SaveAt = saveAt });
        if (session.Packets >= settings.MaxPackets)
        {
            Save(session, EndReason.MaxPackets, final: false);
            session.SaveAt = session.LastNow + Seconds(settings.TcpSaveTimeout);
        }
        if (ages && now > session.SaveAt)
        {
            if (session.Packets > 0)
                Save(session, EndReason.Saved, final: false);
            session.SaveAt = saveAt;
        }
        session.Packets++;
        session.Last = packet.TimestampNs;
        session.LastNow = now;
    }

    private void EndAll(long clock)
    {
        foreach (((int, SessionType Type) key, Open session) in _open.ToArray())
            End(key, session, session.LastNow + Timeout(key.Type) < clock ? EndReason.Timeout : EndReason.Shutdown);
    }

    private void End((int, SessionType) key, Open session, EndReason reason)
    {
        _open.Remove(key);
        Save(session, reason, final: true);
    }

    private void Save(Open session, EndReason reason, bool final)
    {
        ModelPacket first = session.First;
        _records.Add(
            new ModelRecord(first.Source, first.Offset, first.TimestampNs, session.Last, session.Packets, reason, final, session.Segment)
        );
        session.Segment++;
        session.Packets = 0;
    }

    private long Timeout(SessionType type) =>
        Seconds(
            type switch
            {
                SessionType.Tcp => settings.TcpTimeout,
                SessionType.Udp => settings.UdpTimeout,
                SessionType.Icmp => settings.IcmpTimeout,
                _ => settings.SctpTimeout,
            }
        );

    private static long Seconds(int seconds) => seconds * 1_000_000_000L;

    private sealed class Open(ModelPacket first)
    {
        public ModelPacket First => first;
        public long LastNow;
        public long Last;
        public long SaveAt;
        public long Packets;
        public int Segment;
    }
}
