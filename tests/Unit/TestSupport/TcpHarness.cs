using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>One TCP session of its own, without the pipeline around it: to look at its memory between two packets.</summary>
internal sealed class TcpHarness
{
    private const int IpOffset = 14;
    private const int TcpOffset = 34;
    private readonly TcpProtocol _tcp;
    private bool _began;

    public TcpHarness(SessionSettings settings, params IFlowPipePlugin[] plugins)
    {
        var tables = new LayerTables(FieldDictionary.Default);
        _tcp = new TcpProtocol(settings);
        tables.Register(_tcp);
        foreach (IFlowPipePlugin plugin in plugins)
            plugin.Register(tables);
        tables.Parsers.Freeze();
        Runtime = new ParserRuntime(tables.Parsers, new PluginFaults(stop: true, null), Pool, settings.ReassemblyMemcap);
        Session = new FlowSession(new CoreFields(FieldDictionary.Default)) { Protocol = _tcp, Parsing = Runtime };
        Session.LendTcp(new TcpBox());
    }

    public BytePool Pool { get; } = new();

    public ParserRuntime Runtime { get; }

    public FlowSession Session { get; }

    /// <summary>A packet of Ethernet, IPv4 without options, TCP.</summary>
    public void Packet(byte[] frame, long ns = 1)
    {
        var record = new PacketRecord
        {
            TimestampNs = ns,
            ClockNs = ns,
            CapturedLength = frame.Length,
            OriginalLength = frame.Length,
            EtherOffset = 0,
            IpOffset = IpOffset,
            PayloadOffset = TcpOffset,
            PayloadLength = (ushort)(frame.Length - TcpOffset),
            IpProtocol = PacketBuilder.TcpNumber,
        };
        var packet = new PacketView(in record, frame);
        _tcp.PreProcess(Session, in packet, !_began);
        _began = true;
        _tcp.Process(Session, in packet);
    }

    /// <summary>Ends the session as its partition would.</summary>
    public void End()
    {
        Runtime.Save(Session, final: true);
        Session.Clear(Pool, new SourceTable());
    }
}
