using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Plugins;
using FlowPipe.Core.Sessions;
using FlowPipe.Core.Sessions.Parsing;
using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;
using FlowPipe.Parsers;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Fuzz;

/// <summary>
/// Bytes taken for what both sides of a session say: pieces of at most 127 bytes, each after a byte with its side and its length. No exception
/// out of a parser; memory that is bounded, and given back at the end.
/// <code>
/// | side (1 bit) length (7) | data … | side length | data …
/// </code>
/// </summary>
internal sealed class ParserTarget
{
    public const int LongestPiece = 127;

    /// <summary>Largest that parsers of one session keep: a few buffers of 80 KiB, and tables.</summary>
    private const long MostMemory = 4 << 20;

    private readonly BytePool _pool = new();
    private readonly ParserRuntime _runtime;
    private readonly MProtocol _protocol;
    private readonly ushort _port;
    private readonly FlowSession _session = new(new CoreFields(FieldDictionary.Default));

    public ParserTarget(params IFlowPipePlugin[] plugins)
        : this(SessionType.Tcp, 0, plugins) { }

    public ParserTarget(SessionType type, ushort port, params IFlowPipePlugin[] plugins)
    {
        _port = port;
        _protocol = type switch
        {
            SessionType.Tcp => new TcpProtocol(new SessionSettings()),
            SessionType.Sctp => new SctpProtocol(FieldDictionary.Default["sctp.protoId"]),
            _ => new UdpProtocol(),
        };
        var settings = new Dictionary<string, string>
        {
            ["parseQSValue"] = "true",
            ["parseCookieValue"] = "true",
            ["parseHTTPHeaderRequestAll"] = "true",
            ["parseHTTPHeaderResponseAll"] = "true",
            ["parseSMTPHeaderAll"] = "true",
            ["smtpIpHeaders"] = "X-Originating-IP",
            ["supportSha256"] = "true",
        };
        var tables = new LayerTables(FieldDictionary.Default, settings);
        tables.Register(_protocol);
        foreach (IFlowPipePlugin plugin in plugins)
            plugin.Register(tables);
        tables.Parsers.Freeze();
        _runtime = new ParserRuntime(tables.Parsers, new PluginFaults(stop: true, null), _pool, reassemblyMemcap: 1 << 20);
    }

    /// <summary>Makes an input of what sides say in turn, the client first.</summary>
    public static byte[] Seed(params ReadOnlySpan<byte[]> said)
    {
        var input = new List<byte>();
        for (int turn = 0; turn < said.Length; turn++)
        {
            foreach (byte[] piece in said[turn].Chunk(LongestPiece))
            {
                input.Add((byte)((turn % 2 << 7) | piece.Length));
                input.AddRange(piece);
            }
        }
        return [.. input];
    }

    /// <summary>Makes an input of what sides say.</summary>
    public static byte[] Seed(params ReadOnlySpan<(Side Side, byte[] Bytes)> said)
    {
        var input = new List<byte>();
        foreach ((Side side, byte[] bytes) in said)
        {
            foreach (byte[] piece in bytes.Chunk(LongestPiece))
            {
                input.Add((byte)(((int)side << 7) | piece.Length));
                input.AddRange(piece);
            }
        }
        return [.. input];
    }

    public void Run(ReadOnlySpan<byte> input)
    {
        _session.Protocol = _protocol;
        _session.SourcePort = 40000;
        _session.DestinationPort = _port;
        if (_protocol.Type == SessionType.Sctp)
            _session.Fields.Add(FieldDictionary.Default["sctp.protoId"], 3); // as the association says of each message
        _session.Parsing = _runtime;
        while (input.Length > 0)
        {
            var side = (Side)(input[0] >> 7);
            int length = Math.Min(input[0] & LongestPiece, input.Length - 1);
            if (length > 0)
                _session.Deliver(new StreamData(side, input.Slice(1, length), 0));
            input = input[(1 + length)..];
            if (_pool.Lent > MostMemory)
                throw new InvalidOperationException($"{_pool.Lent} bytes are held");
        }
        if (_protocol.Type == SessionType.Tcp)
        {
            _session.Deliver(new StreamData(Side.Client, default, 0) { End = true });
            _session.Deliver(new StreamData(Side.Server, default, 0) { End = true });
        }
        _runtime.Save(_session, final: true);
        _session.Clear(_pool, new SourceTable());
        if (_pool.Lent != 0)
            throw new InvalidOperationException($"{_pool.Lent} bytes did not come back");
    }
}
