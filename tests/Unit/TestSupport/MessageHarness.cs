using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Parsers;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.Schemas;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>One session and its parsers, without packets around what they are given: what was said on it, as a document.</summary>
internal sealed class MessageHarness
{
    private static readonly ConcurrentDictionary<string, (LayerTables Tables, MProtocol Protocol)> Made = new();
    private static readonly CoreFields Core = new(FieldDictionary.Default);
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly BytePool _pool = new();
    private readonly ParserRuntime _runtime;
    private readonly FlowSession _session;

    public MessageHarness(
        bool tcp,
        int sourcePort,
        int destinationPort,
        IFlowPipePlugin[] plugins,
        params (string Name, string Value)[] settings
    )
        : this(tcp ? SessionType.Tcp : SessionType.Udp, sourcePort, destinationPort, plugins, settings) { }

    public MessageHarness(
        SessionType type,
        int sourcePort,
        int destinationPort,
        IFlowPipePlugin[] plugins,
        params (string Name, string Value)[] settings
    )
    {
        // What is registered is frozen, so that all tests of the same plugins share it.
        string key = $"{type} {string.Join(' ', plugins.Select(p => p.GetType()))} {string.Join(' ', settings)}";
        (LayerTables tables, MProtocol protocol) = Made.GetOrAdd(key, _ => Make(type, plugins, settings));
        _runtime = new ParserRuntime(tables.Parsers, new PluginFaults(stop: true, null), _pool, 1 << 20);
        _session = new FlowSession(Core)
        {
            Protocol = protocol,
            Parsing = _runtime,
            HasIp = true,
            SourceIp = IpAddress.ReadIPv4([10, 0, 0, 1]),
            DestinationIp = IpAddress.ReadIPv4([10, 0, 0, 2]),
            SourcePort = (ushort)sourcePort,
            DestinationPort = (ushort)destinationPort,
        };
        if (type == SessionType.Sctp)
            _session.Fields.Add(FieldDictionary.Default["sctp.protoId"], 3);
    }

    /// <summary>A datagram, or a segment's data; none where TCP would give none.</summary>
    public MessageHarness Client(params byte[] bytes) => Say(Side.Client, bytes);

    /// <summary>The other side's.</summary>
    public MessageHarness Server(params byte[] bytes) => Say(Side.Server, bytes);

    /// <summary>Bytes that never came, then these.</summary>
    public MessageHarness Gap(int missing, params byte[] bytes)
    {
        _session.Deliver(new StreamData(Side.Client, bytes, 1) { GapBefore = missing });
        return this;
    }

    /// <summary>Saves the record and recycles the session, which must have nothing left of what it was lent.</summary>
    public JsonNode Document()
    {
        _runtime.Save(_session, final: true);
        string json = RecordRoundTripTests.Json(FieldDictionary.Default, new Sessions3Options(), new SpiRow(), _session.Fields);
        _runtime.Free(_session);
        _session.Clear(_pool, new SourceTable());
        Assert.Equal(0, _pool.Lent);
        return JsonNode.Parse(json)!;
    }

    /// <summary>The same, one member of it.</summary>
    public string Member(string name) => Document()[name]?.ToJsonString(Relaxed) ?? "";

    private MessageHarness Say(Side side, byte[] bytes)
    {
        _session.Deliver(new StreamData(side, bytes, 1));
        return this;
    }

    private static (LayerTables Tables, MProtocol Protocol) Make(
        SessionType type,
        IFlowPipePlugin[] plugins,
        (string Name, string Value)[] settings
    )
    {
        var tables = new LayerTables(FieldDictionary.Default, settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal));
        MProtocol protocol = type switch
        {
            SessionType.Tcp => new TcpProtocol(new SessionSettings()),
            SessionType.Sctp => new SctpProtocol(FieldDictionary.Default["sctp.protoId"]),
            _ => new UdpProtocol(),
        };
        tables.Register(protocol);
        foreach (IFlowPipePlugin plugin in plugins)
            plugin.Register(tables);
        tables.Parsers.Freeze();
        return (tables, protocol);
    }
}
