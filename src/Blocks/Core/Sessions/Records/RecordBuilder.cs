using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>Which encodings the sinks of a run want.</summary>
/// <param name="Avro">Some sink wants Avro.</param>
/// <param name="Json">Some sink wants sessions3 documents.</param>
public readonly record struct RecordForms(bool Avro, bool Json);

/// <summary>Makes a record of a session: the core's values into a store of its own, then both stores encoded. One per partition.</summary>
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
    private readonly SpiFields _values = new();
    private readonly SpiRecordEncoder _avro = new();
    private readonly Sessions3Writer _json;
    private readonly BatchJsonWriter _jsonWriter = new();
    private readonly PositionScratch _positions = new();

    public RecordBuilder(CoreFields fields, RecordSettings settings, ushort communitySeed, RecordForms forms, SourceTable sources)
    {
        _fields = fields;
        _settings = settings;
        _communitySeed = communitySeed;
        _forms = forms;
        _sources = sources;
        _recordId = new RecordId(settings.Node);
        _node = Encoding.UTF8.GetBytes(settings.Node);
        _tags = new byte[settings.Tags.Count][];
        for (int i = 0; i < _tags.Length; i++)
            _tags[i] = Encoding.UTF8.GetBytes(settings.Tags[i]);
        _json = new Sessions3Writer(new Sessions3Options { GapPacketPos = settings.GapPacketPos, Extras = settings.Sessions3Extras });
    }

    public void Build(FlowSession session, EndReason reason, bool final, SpiBatch batch)
    {
        SpiRecord record = batch.Add();
        bool several = session.Segment > 0 || !final;
        record.Id = _recordId.Of(session, session.Segment);
        record.RootId =
            !several ? Guid.Empty
            : session.Segment == 0 ? record.Id
            : _recordId.Of(session, 0);
        record.LastPacketNs = session.LastNs;
        record.Final = final;
        record.Reason = reason;

        Span<byte> communityId = stackalloc byte[session.HasIp ? CommunityId.Length : 0];
        if (session.HasIp)
            CommunityId.Write(session, _communitySeed, communityId);
        record.Key = MessageKey.Of(session, communityId);

        foreach (byte[] tag in _tags)
            session.AddTag(tag);
        SpiFields values = _values;
        values.Reset();
        AddEnvelope(values, session, record);
        AddSide(values, _fields.Client, session, Side.Client);
        AddSide(values, _fields.Server, session, Side.Server);
        values.Add(_fields.Bytes, session.Bytes.Sum);
        values.Add(_fields.Packets, session.Packets.Sum);
        if (session.HasIp)
            values.Add(_fields.CommunityId, communityId);
        if (session.IsTcp)
            AddTcp(values, in session.Tcp);
        if (_settings.Positions)
            session.Positions.WriteTo(values, _fields, _sources, _settings.EnablePacketLen, _positions);
        Encode(values, session.Fields, record, batch);
    }

    private void AddEnvelope(SpiFields values, FlowSession session, SpiRecord record)
    {
        long first = Milliseconds(session.BeganNs);
        long last = Milliseconds(session.LastNs);
        values.Add(_fields.FirstPacket, first);
        values.Add(_fields.FirstPacketNs, session.BeganNs);
        values.Add(_fields.LastPacket, last);
        values.Add(_fields.LastPacketNs, session.LastNs);
        values.Add(_fields.Length, last - first);
        AddGuid(values, _fields.Id, record.Id);
        if (record.RootId != Guid.Empty)
            AddGuid(values, _fields.RootId, record.RootId);
        values.Add(_fields.Segment, session.Segment);
        values.Add(_fields.Segments, session.Segment + 1);
        values.Add(_fields.Final, record.Final ? 1 : 0);
        values.Add(_fields.EndReason, ReasonNames[(int)record.Reason]);
        values.Add(_fields.Complete, session.Tcp.Stopped ? 0 : 1);
        values.Add(_fields.Node, _node);
        if (session.HasIp)
            values.Add(_fields.IpProtocol, session.IpProtocol);
        if (session.EtherType != 0)
            values.Add(_fields.EtherType, session.EtherType);
        values.Add(_fields.DataBytes, session.DataBytes.Sum);
    }

    private static void AddSide(SpiFields values, SideFields fields, FlowSession session, Side side)
    {
        bool client = side == Side.Client;
        if (session.HasIp)
        {
            values.AddIp(fields.Ip, (client ? session.SourceIp : session.DestinationIp).ToUInt128());
            values.Add(fields.Port, client ? session.SourcePort : session.DestinationPort);
        }
        values.Add(fields.Bytes, session.Bytes[side]);
        values.Add(fields.Packets, session.Packets[side]);
        values.Add(fields.DataBytes, session.DataBytes[side]);
        int length = client ? session.ClientPayload8Length : session.ServerPayload8Length;
        if (length == 0)
            return;
        ulong payload = client ? session.ClientPayload8 : session.ServerPayload8;
        Span<byte> hex = stackalloc byte[16];
        for (int i = 0; i < 2 * length; i++)
            hex[i] = "0123456789abcdef"u8[(int)(payload >> (4 * ((2 * length) - 1 - i))) & 0xF];
        values.Add(fields.Payload8, hex[..(2 * length)]);
    }

    private void AddTcp(SpiFields values, in TcpState tcp)
    {
        values.Add(_fields.TcpSyn, tcp.Syn);
        values.Add(_fields.TcpSynAck, tcp.SynAck);
        values.Add(_fields.TcpAck, tcp.Ack);
        values.Add(_fields.TcpPsh, tcp.Psh);
        values.Add(_fields.TcpFin, tcp.Fin);
        values.Add(_fields.TcpRst, tcp.Rst);
        values.Add(_fields.TcpUrg, tcp.Urg);
        values.Add(_fields.TcpEce, tcp.Ece);
        values.Add(_fields.TcpCwr, tcp.Cwr);
        values.Add(_fields.TcpAe, tcp.Ae);
        values.Add(_fields.TcpSrcZero, tcp.ClientZeroWindow);
        values.Add(_fields.TcpDstZero, tcp.ServerZeroWindow);
        if (tcp.SynNs != 0 && tcp.AckNs != 0)
            values.Add(_fields.InitRtt, HalfMilliseconds(tcp.SynNs, tcp.AckNs));
        if (!tcp.HandshakeSeen)
            return;
        if (tcp.Client.SynSeen)
            values.Add(_fields.TcpSeqSrc, tcp.Client.InitialSequence);
        if (tcp.Server.SynSeen)
        {
            // Arkime shows 0 where the SYN-ACK came after the SYN, that is nearly always.
            bool hidden = _settings.ArkimeQuirks && !tcp.SynAckFirst;
            values.Add(_fields.TcpSeqDst, hidden ? 0 : tcp.Server.InitialSequence);
        }
        if (tcp.Client.InitialSequences > 0)
            values.Add(_fields.TcpSrcIsnCount, tcp.Client.InitialSequences);
        if (tcp.Server.InitialSequences > 0)
            values.Add(_fields.TcpDstIsnCount, tcp.Server.InitialSequences);
        values.Add(_fields.TcpSynValidated, tcp.SynValidated ? 1 : 0);
        values.Add(_fields.TcpSynAckValidated, tcp.SynAckValidated ? 1 : 0);
    }

    private void Encode(SpiFields core, SpiFields session, SpiRecord record, SpiBatch batch)
    {
        record.AvroRange = default;
        record.JsonRange = default;
        if (_forms.Avro)
        {
            int written;
            while (!_avro.TryEncode(core, session, batch.Avro.AsSpan(batch.AvroLength), out written))
                Array.Resize(ref batch.Avro, Math.Max(64 * 1024, batch.Avro.Length * 2));
            record.AvroRange = batch.AvroLength..(batch.AvroLength + written);
            batch.AvroLength += written;
        }
        if (_forms.Json)
        {
            int start = batch.JsonLength;
            _json.Write(core, session, _jsonWriter.For(batch));
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

    private static void AddGuid(SpiFields values, SpiField field, Guid id)
    {
        Span<byte> text = stackalloc byte[36];
        id.TryFormat(text, out int _);
        values.Add(field, text);
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
