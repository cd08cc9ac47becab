using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// Bytes taken for the segments of one TCP session, six bytes each: side and flags, two of the sequence number, one of the acknowledgement,
/// length, seconds. No exception; memory within its limits; each side has one end and nothing after it; no byte of a stream twice.
/// </summary>
public static class ReassemblerTarget
{
    private const int Step = 6;
    private const int Ip = 14;
    private const int Tcp = 34;
    private const int LongestData = 255;
    private static readonly SessionSettings Settings = new()
    {
        MaxTcpOutOfOrderPackets = 6,
        MaxTcpOutOfOrderBytes = 1024,
        TcpGapTimeout = 20,
    };

    public static void Run(ReadOnlySpan<byte> input)
    {
        var pool = new BytePool();
        var tables = new LayerTables(FieldDictionary.Default);
        var protocol = new TcpProtocol(Settings);
        tables.Register(protocol);
        var heard = new Listener();
        ParserKind<Listener> kind = tables.Parser("listener", () => heard);
        tables.Tcp("listener", 0, [], (session, _, _) => session.Add(kind));
        tables.Parsers.Freeze();
        var runtime = new ParserRuntime(tables.Parsers, new PluginFaults(stop: true, null), pool, reassemblyMemcap: 2048);
        var session = new FlowSession(new CoreFields(FieldDictionary.Default)) { Protocol = protocol, Parsing = runtime };
        session.LendTcp(new TcpBox());
        byte[] frame = new byte[Tcp + TcpHeader.MinimumLength + LongestData];
        long seconds = 0;
        for (int i = 0; i + Step <= input.Length; i += Step)
        {
            seconds += input[i + 5] & 0x1F;
            Send(protocol, session, frame, input.Slice(i, Step), seconds, i == 0);
            session.LastNs = session.LastNowNs = seconds * 1_000_000_000;
            if (runtime.Segments.Bytes > Settings.MaxTcpOutOfOrderBytes || pool.Lent > Settings.MaxTcpOutOfOrderBytes)
                throw new InvalidOperationException($"{pool.Lent} bytes are held after segment {i / Step}");
        }
        runtime.Save(session, final: true);
        heard.CheckEnds();
        session.Clear(pool, new SourceTable());
        if (pool.Lent != 0 || runtime.Segments.Bytes != 0)
            throw new InvalidOperationException($"{pool.Lent} bytes did not come back");
    }

    private static void Send(TcpProtocol protocol, FlowSession session, byte[] frame, ReadOnlySpan<byte> step, long seconds, bool isNew)
    {
        bool client = (step[0] & 0x80) == 0;
        int length = step[4];
        frame[Ip] = 0x45;
        frame[Ip + 12] = (byte)(client ? 1 : 2);
        frame[Ip + 16] = (byte)(client ? 2 : 1);
        frame[Tcp + 1] = frame[Tcp + 3] = 80;
        frame[Tcp + 6] = step[1];
        frame[Tcp + 7] = step[2];
        frame[Tcp + 11] = step[3];
        frame[Tcp + 12] = 0x50;
        frame[Tcp + 13] = (byte)(step[0] & 0x1F);
        var record = new PacketRecord
        {
            TimestampNs = seconds * 1_000_000_000,
            ClockNs = seconds * 1_000_000_000,
            CapturedLength = Tcp + TcpHeader.MinimumLength + length,
            IpOffset = Ip,
            PayloadOffset = Tcp,
            PayloadLength = (ushort)(TcpHeader.MinimumLength + length),
            IpProtocol = 6,
        };
        var packet = new PacketView(in record, frame.AsSpan(0, record.CapturedLength));
        protocol.PreProcess(session, in packet, isNew);
        protocol.Process(session, in packet);
    }

    private sealed class Listener : SessionParser
    {
        private readonly long[] _bytes = new long[2];
        private readonly int[] _ends = new int[2];
        private bool _called;

        public override Parsed Parse(Session session, in StreamData data)
        {
            int side = (int)data.Side;
            _called = true;
            if (_ends[side] > 0)
                throw new InvalidOperationException($"{data.Side}: something after the end");
            if (data.Bytes.IsEmpty != data.End || data.GapBefore < 0)
                throw new InvalidOperationException($"{data.Side}: {data.Bytes.Length} bytes, end {data.End}, gap {data.GapBefore}");
            _ends[side] += data.End ? 1 : 0;
            _bytes[side] += data.Bytes.Length + data.GapBefore;
            // The sequence numbers that Send makes have 16 bits.
            if (_bytes[side] > ushort.MaxValue + LongestData + 1)
                throw new InvalidOperationException($"{data.Side}: more than there are sequence numbers");
            return Parsed.KeepGoing;
        }

        public void CheckEnds()
        {
            if (_called && (_ends[0] != 1 || _ends[1] != 1))
                throw new InvalidOperationException($"{_ends[0]} and {_ends[1]} ends");
        }
    }
}
