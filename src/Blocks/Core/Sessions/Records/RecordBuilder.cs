using System.Runtime.CompilerServices;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Overload;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>Which encodings the sinks of a run want.</summary>
/// <param name="Avro">Some sink wants Avro.</param>
/// <param name="Json">Some sink wants sessions3 documents.</param>
public readonly record struct RecordForms(bool Avro, bool Json);

/// <summary>Makes a record of a session: the core's values into a row, then this and the session's store encoded. One per partition.</summary>
internal sealed class RecordBuilder
{
    private static readonly byte[][] ReasonNames = Names();
    private readonly CoreFields _fields;
    private readonly RecordSettings _settings;
    private readonly ushort _communitySeed;
    private readonly RecordForms _forms;
    private readonly SourceTable _sources;
    private readonly RecordId _recordId;
    private readonly byte[] _node;
    private readonly byte[][] _tags;
    private readonly RouteMatcher? _routes; // null where there are none
    private readonly FieldFilter? _filter;
    private readonly FieldHasher? _keyed; // null unless what is made of addresses must not leave
    private readonly SpiRow _row = new();
    private readonly SpiRecordEncoder _avro = new();
    private readonly Sessions3Writer _json;
    private readonly BatchJsonWriter _jsonWriter = new();

    public RecordBuilder(CoreFields fields, RecordSettings settings, ushort communitySeed, RecordForms forms, SourceTable sources)
    {
        _fields = fields;
        _settings = settings;
        _communitySeed = communitySeed;
        _forms = forms;
        _sources = sources;
        _routes = settings.Routes.Count == 0 ? null : new RouteMatcher(settings.Routes, fields.Protocols, fields.Tags);
        _filter = settings.Fields?.CreateFilter();
        _keyed = settings.Fields is { HidesIdentity: true } policy ? policy.CreateHasher() : null;
        _recordId = new RecordId(settings.Node, _keyed);
        _node = Encoding.UTF8.GetBytes(settings.Node);
        _tags = new byte[settings.Tags.Count][];
        for (int i = 0; i < _tags.Length; i++)
            _tags[i] = Encoding.UTF8.GetBytes(settings.Tags[i]);
        _json = new Sessions3Writer(
            new Sessions3Options
            {
                GapPacketPos = settings.GapPacketPos,
                EmptyPacketPos = settings.ArkimeQuirks && settings.Positions,
                EmptyPacketLen = settings.ArkimeQuirks && settings.Positions && settings.EnablePacketLen,
                Extras = settings.Sessions3Extras,
            },
            policy: settings.Fields
        );
    }

    public SpiRecord Build(FlowSession session, EndReason reason, bool final, LostPackets lost, SpiBatch batch)
    {
        SpiRecord record = batch.Add();
        bool several = session.Segment > 0 || !final;
        record.Id = _recordId.Of(session, session.Segment);
        record.RootId =
            !several ? Guid.Empty
            : session.Segment == 0 ? record.Id
            : _recordId.Of(session, 0);
        record.FirstPacketNs = session.BeganNs;
        record.LastPacketNs = session.LastNs;
        record.Final = final;
        record.Reason = reason;

        // Arkime gives none to what it knows no type of.
        bool hasCommunityId =
            session.HasIp && session.Protocol.HasCommunityId && !(_settings.ArkimeQuirks && session.Protocol.Type == SessionType.Other);
        Span<byte> communityId = stackalloc byte[hasCommunityId ? CommunityId.Length : 0];
        if (hasCommunityId)
            CommunityId.Write(session, _communitySeed, _settings.ArkimeQuirks, communityId);
        record.Key = MessageKey.Of(session, communityId);
        if (_keyed is not null)
            record.Key = MessageKey.Hidden(record.Key, _keyed);

        foreach (byte[] tag in _tags)
            session.AddTag(tag);
        record.Routes = _routes?.Of(session.Fields) ?? 0;
        SpiRow row = _row;
        row.Reset();
        AddEnvelope(row, session, record);
        AddLosses(row, session, lost);
        AddSide(row, _fields.Client, session, Side.Client);
        AddSide(row, _fields.Server, session, Side.Server);
        row.Set(_fields.Bytes, session.Bytes.Sum);
        row.Set(_fields.Packets, session.Packets.Sum);
        if (hasCommunityId)
            row.Set(_fields.CommunityId, communityId);
        if (session.IsTcp)
            AddTcp(row, in session.Tcp, isLinked: session.Segment > 0);
        if (_settings.Positions)
            session.Positions.WriteTo(row.Lists, _fields, _sources, _settings.EnablePacketLen);
        Encode(row, _filter is null ? session.Fields : _filter.Apply(row, session.Fields), record, batch);
        return record;
    }

    // Arkime adds ten seconds to the first ten of 1970: captures without stamps.
    private long MillisecondsOf(long ns) =>
        Milliseconds(_settings.ArkimeQuirks && ns is >= 0 and < 10_000_000_000 ? ns + 10_000_000_000 : ns);

    [MethodImpl(HotPath.Options)]
    private void AddEnvelope(SpiRow row, FlowSession session, SpiRecord record)
    {
        long first = MillisecondsOf(session.BeganNs);
        long last = MillisecondsOf(session.LastNs);
        row.Set(_fields.FirstPacket, first);
        row.Set(_fields.FirstPacketNs, session.BeganNs);
        row.Set(_fields.LastPacket, last);
        row.Set(_fields.LastPacketNs, session.LastNs);
        row.Set(_fields.Length, last - first);
        AddGuid(row, _fields.Id, record.Id);
        if (record.RootId != Guid.Empty)
            AddGuid(row, _fields.RootId, record.RootId);
        row.Set(_fields.Segment, session.Segment);
        row.Set(_fields.Segments, session.Segment + 1);
        row.Set(_fields.Final, record.Final ? 1 : 0);
        row.Set(_fields.EndReason, ReasonNames[(int)record.Reason]);
        row.Set(_fields.Node, _node);
        row.Set(_fields.IpProtocol, session.IpProtocol);
        if (session.EtherType != 0)
            row.Set(_fields.EtherType, session.EtherType);
        row.Set(_fields.DataBytes, session.DataBytes.Sum);
    }

    // A drop in the kernel has no session: whoever was open meanwhile may have lost a packet by it.
    private void AddLosses(SpiRow row, FlowSession session, LostPackets lost)
    {
        row.Set(_fields.Complete, session.Tcp.Stopped || !lost.IsNone ? 0 : 1);
        if (lost.Kernel > 0)
            row.Set(_fields.KernelDrops, lost.Kernel);
        if (lost.Shed > 0)
            row.Set(_fields.ShedPackets, lost.Shed);
        if (session.Tcp.Gaps > 0)
            row.Set(_fields.TcpGaps, session.Tcp.Gaps);
    }

    private static void AddSide(SpiRow row, SideFields fields, FlowSession session, Side side)
    {
        bool client = side == Side.Client;
        if (session.HasIp)
        {
            row.SetIp(fields.Ip, (client ? session.SourceIp : session.DestinationIp).ToUInt128());
            row.Set(fields.Port, client ? session.SourcePort : session.DestinationPort);
        }
        row.Set(fields.Bytes, session.Bytes[side]);
        row.Set(fields.Packets, session.Packets[side]);
        row.Set(fields.DataBytes, session.DataBytes[side]);
        int length = client ? session.ClientPayload8Length : session.ServerPayload8Length;
        if (length == 0)
            return;
        ulong payload = client ? session.ClientPayload8 : session.ServerPayload8;
        Span<byte> hex = stackalloc byte[16];
        for (int i = 0; i < 2 * length; i++)
            hex[i] = "0123456789abcdef"u8[(int)(payload >> (4 * ((2 * length) - 1 - i))) & 0xF];
        row.Set(fields.Payload8, hex[..(2 * length)]);
    }

    [MethodImpl(HotPath.Options)]
    private void AddTcp(SpiRow row, in TcpState tcp, bool isLinked)
    {
        row.Set(_fields.TcpSyn, tcp.Syn);
        row.Set(_fields.TcpSynAck, tcp.SynAck);
        row.Set(_fields.TcpAck, tcp.Ack);
        row.Set(_fields.TcpPsh, tcp.Psh);
        row.Set(_fields.TcpFin, tcp.Fin);
        row.Set(_fields.TcpRst, tcp.Rst);
        row.Set(_fields.TcpUrg, tcp.Urg);
        row.Set(_fields.TcpEce, tcp.Ece);
        row.Set(_fields.TcpCwr, tcp.Cwr);
        row.Set(_fields.TcpAe, tcp.Ae);
        row.Set(_fields.TcpSrcZero, tcp.ClientZeroWindow);
        row.Set(_fields.TcpDstZero, tcp.ServerZeroWindow);
        if (tcp.SynNs != 0 && tcp.AckNs != 0)
            row.Set(_fields.InitRtt, HalfMilliseconds(tcp.SynNs, tcp.AckNs));
        // Arkime's linked documents say nothing of a handshake that was in one before.
        bool before = _settings.ArkimeQuirks && isLinked && tcp.Syn == 0 && tcp.SynAck == 0;
        if (!tcp.HandshakeSeen || before)
            return;
        if (tcp.Client.SynSeen)
            row.Set(_fields.TcpSeqSrc, tcp.Client.InitialSequence);
        if (tcp.Server.SynSeen)
        {
            // Arkime shows 0 where the SYN-ACK came after the SYN, that is nearly always.
            bool hidden = _settings.ArkimeQuirks && !tcp.SynAckFirst;
            row.Set(_fields.TcpSeqDst, hidden ? 0 : tcp.Server.InitialSequence);
        }
        if (tcp.Client.InitialSequences > 0)
            row.Set(_fields.TcpSrcIsnCount, tcp.Client.InitialSequences);
        if (tcp.Server.InitialSequences > 0)
            row.Set(_fields.TcpDstIsnCount, tcp.Server.InitialSequences);
        row.Set(_fields.TcpSynValidated, tcp.SynValidated ? 1 : 0);
        row.Set(_fields.TcpSynAckValidated, tcp.SynAckValidated ? 1 : 0);
    }

    private void Encode(SpiRow row, SpiFields session, SpiRecord record, SpiBatch batch)
    {
        record.AvroRange = default;
        record.JsonRange = default;
        if (_forms.Avro)
            record.AvroRange = batch.AddAvro(_avro, row, session);
        if (_forms.Json)
        {
            int start = batch.JsonLength;
            _json.Write(row, session, _jsonWriter.For(batch));
            record.JsonRange = start..batch.JsonLength;
        }
    }

    // Seconds and parts of a second are taken apart, each cut to milliseconds, as Arkime does.
    private static long HalfMilliseconds(long from, long to)
    {
        const long Second = 1_000_000_000;
        long seconds = (to / Second) - (from / Second);
        long parts = ((to % Second) - (from % Second)) / 1_000_000;
        return ((seconds * 1000) + parts) / 2;
    }

    private static void AddGuid(SpiRow row, SpiField field, Guid id)
    {
        Span<byte> text = stackalloc byte[36];
        id.TryFormat(text, out int _);
        row.Set(field, text);
    }

    // Rounded down, as Arkime does, also before 1970.
    private static long Milliseconds(long ns) => ns >= 0 ? ns / 1_000_000 : ((ns + 1) / 1_000_000) - 1;

    private static byte[][] Names()
    {
        EndReason[] reasons = Enum.GetValues<EndReason>();
        var names = new byte[reasons.Length][];
        foreach (EndReason reason in reasons)
            names[(int)reason] = Encoding.UTF8.GetBytes(reason.ToString().ToLowerInvariant());
        return names;
    }
}
