using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.TestSupport;

/// <summary>One TCP session whose parsers are given data as the reassembler would give it; what they record can be asked at any time.</summary>
internal sealed class ParserSession
{
    private readonly BytePool _pool = new();
    private readonly ParserRuntime _runtime;
    private readonly TcpProtocol _protocol = new(new SessionSettings());
    private readonly FlowSession _session = new(new CoreFields(FieldDictionary.Default));

    public ParserSession(IFlowPipePlugin[] plugins, params (string Name, string Value)[] settings)
    {
        var tables = new LayerTables(FieldDictionary.Default, settings.ToDictionary(static one => one.Name, static one => one.Value));
        tables.Register(_protocol);
        foreach (IFlowPipePlugin plugin in plugins)
            plugin.Register(tables);
        tables.Parsers.Freeze();
        _runtime = new ParserRuntime(tables.Parsers, new PluginFaults(stop: true, null), _pool, reassemblyMemcap: 1 << 20);
        Clear();
    }

    /// <summary>Whether a parser of this name is at work.</summary>
    public bool Wants(Side side) => _runtime.Wants(_session, side);

    public ParserSession Client(string text) => Send(Side.Client, Encoding.Latin1.GetBytes(text));

    public ParserSession Server(string text) => Send(Side.Server, Encoding.Latin1.GetBytes(text));

    public ParserSession Send(Side side, ReadOnlySpan<byte> bytes, int gapBefore = 0)
    {
        _session.Deliver(new StreamData(side, bytes, 0) { GapBefore = gapBefore });
        return this;
    }

    /// <summary>Both sides end, and the last record is made.</summary>
    public ParserSession End()
    {
        _session.Deliver(new StreamData(Side.Client, default, 0) { End = true });
        _session.Deliver(new StreamData(Side.Server, default, 0) { End = true });
        _runtime.Save(_session, final: true);
        return this;
    }

    /// <summary>The session is recycled for another: no memory may be left behind, and its parsers must be as new.</summary>
    public void Clear()
    {
        _session.Clear(_pool, new SourceTable());
        Assert.Equal(0, _pool.Lent);
        _session.Protocol = _protocol;
        _session.Parsing = _runtime;
    }

    /// <summary>A field's values in one line, in order, with spaces between them.</summary>
    public string Texts(string name) => string.Join(' ', All(name));

    /// <summary>All that was recorded, one field a line: two sessions that recorded the same are equal here.</summary>
    public string Record() =>
        string.Join(
            '\n',
            FieldDictionary.Default.Fields.Select(field => $"{field.Name}: {Texts(field.Name)}").Where(static line => line[^1] != ' ')
        );

    private List<string> All(string name)
    {
        SpiField field = FieldDictionary.Default[name];
        var all = new List<string>();
        if (!field.Parent.Equals(0) || field.Type is SpiType.RecordSet or SpiType.Packed or SpiType.Double)
            return all;
        foreach (SpiValue value in _session.Fields.Values(field))
        {
            all.Add(
                field.Type switch
                {
                    SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List or SpiType.Map => Encoding.UTF8.GetString(value.Utf8),
                    SpiType.Ip or SpiType.IpSet => Address(value.Ip),
                    _ => value.Long.ToString(),
                }
            );
        }
        return all;
    }

    private static string Address(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        var ip = new System.Net.IPAddress(bytes);
        return (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).ToString();
    }
}
