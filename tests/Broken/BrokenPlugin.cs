using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Broken;

/// <summary>A plugin with every hook that there is, one of which is broken: it throws, or does what must not be done.</summary>
public sealed class BrokenPlugin : IFlowPipePlugin
{
    /// <summary>Names the hook, where the plugin is loaded from its file.</summary>
    public const string Variable = "BROKEN_PLUGIN";

    public const int LinkType = 147; // LINKTYPE_USER0
    public const ushort EtherType = 0x88B6; // IEEE 802, local experiments
    public const ushort EtherTypeWithSessions = 0x88B7;
    public const byte Sap = 0x40;
    public const byte IpProtocol = 253; // RFC 3692
    public const byte IpProtocolWithSessions = 254;
    public const ushort UdpPort = 5555;
    public const ushort TcpPort = 7777;

    private readonly string _broken;

    public BrokenPlugin()
        : this(Environment.GetEnvironmentVariable(Variable) ?? "") { }

    public BrokenPlugin(string broken)
    {
        _broken = broken;
        At("constructor");
    }

    public string Name
    {
        get
        {
            At("name");
            return "broken";
        }
    }

    public void Register(IRegistrar registrar)
    {
        At("register");
        registrar.Link(LinkType, (context, ref packet, frame, offset) => Layer("link", context, ref packet, frame, offset));
        registrar.Ethernet(EtherType, (context, ref packet, frame, offset) => Layer("ethernet", context, ref packet, frame, offset));
        registrar.Llc(Sap, (context, ref packet, frame, offset) => Layer("llc", context, ref packet, frame, offset));
        registrar.Ip(IpProtocol, (context, ref packet, frame, offset) => Layer("ip", context, ref packet, frame, offset));
        registrar.UdpPort(UdpPort, (context, ref packet, frame, offset) => Layer("udpPort", context, ref packet, frame, offset));
        byte number = registrar.Register(new BrokenProtocol(this));
        registrar.Ip(IpProtocolWithSessions, (context, ref packet, frame, _) => Session(number, context, ref packet, frame));

        var keyed = new BrokenKeyProtocol(this);
        registrar.Register(keyed);
        registrar.Ethernet(EtherTypeWithSessions, keyed.Enqueue);

        ParserKind<BrokenParser> parser = registrar.Parser("broken", () => Make("parser.create", () => new BrokenParser(this)));
        registrar.Sub("broken", () => Make("sub.create", () => new BrokenSubParser(this)));
        registrar.Tcp(
            "broken",
            0,
            "BREAK"u8,
            (session, _, _) =>
            {
                At("classifier");
                session.AddProtocol("broken"u8);
                session.Add(parser);
            }
        );
        registrar.Port("broken", SessionType.Tcp, TcpPort, null, (_, _, _) => At("portClassifier"));
        SpiField answers = registrar.Field("dns");
        registrar.Save(
            (session, _) =>
            {
                At("saveHook");
                if (_broken == "saveHook.openRecord")
                    session.Fields.Begin(answers);
            }
        );
        registrar.Counter("observed", "Whatever", () => Count("counter"));
        registrar.Background(
            async (_, ended) =>
            {
                At("background");
                if (_broken == "background.cancelled")
                    ended.Register(() => At("background.cancelled"));
                await Task.Delay(Timeout.Infinite, ended);
            }
        );
    }

    /// <summary>Throws, if this is what is broken.</summary>
    internal void At(string hook)
    {
        if (hook == _broken)
            throw new InvalidOperationException($"it is the {hook}");
    }

    internal bool Is(string hook) => hook == _broken;

    private T Make<T>(string hook, Func<T> make)
    {
        At(hook);
        return make();
    }

    private long Count(string hook)
    {
        At(hook);
        return 7;
    }

    private PacketRc Layer(string hook, EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame, int offset)
    {
        At(hook);
        if (hook is "ip" or "udpPort")
            return PacketRc.DontProcess;
        // What is inside is IP.
        PacketRc verdict = context.RunEthernet(0x0800, ref packet, frame, offset + (hook == "llc" ? 3 : 0));
        At(hook + ".after");
        return verdict;
    }

    private PacketRc Session(byte number, EnqueueContext context, ref PacketRecord packet, ReadOnlySpan<byte> frame)
    {
        switch (_broken)
        {
            case "verdict.unknown":
                return (PacketRc)200;
            case "verdict.held":
                return PacketRc.Held;
            case "verdict.noSession":
                return PacketRc.DoProcess;
            case "mprotocol.number":
                return context.ToSession(250, ref packet, frame);
        }
        PacketRc verdict = context.ToSession(number, ref packet, frame);
        if (_broken == "offset.payload")
            packet.PayloadLength = 60_000;
        else if (_broken == "offset.ip")
            packet.IpOffset = (ushort)(frame.Length - 3);
        else if (_broken == "offset.ether")
            packet.EtherOffset = 50_000;
        else if (_broken == "offset.tcp")
        {
            packet.PayloadLength = 5;
            return context.ToSession(0, ref packet, frame);
        }
        return verdict;
    }
}

internal sealed class BrokenProtocol(BrokenPlugin plugin) : IpMProtocol("broken", SessionType.Other, "broken", hasPorts: false)
{
    public override PreProcess PreProcess(Session session, in PacketView packet, bool isNew)
    {
        plugin.At("preProcess");
        PreProcess result = base.PreProcess(session, in packet, isNew);
        if (!isNew)
            plugin.At("preProcess.later");
        return plugin.Is("preProcess.restart") && !isNew ? Abstractions.PreProcess.CloseAndRestart : result;
    }

    public override void Process(Session session, in PacketView packet)
    {
        plugin.At("process");
        if (plugin.Is("process.reason"))
            session.MarkForClose((EndReason)99);
    }

    public override void MidSave(Session session) => plugin.At("midSave");

    public override void Finish(Session session) => plugin.At("finish");

    public override void Free(Session session) => plugin.At("free");
}

internal sealed class BrokenKeyProtocol(BrokenPlugin plugin) : OneWayMProtocol("brokenkey", idleTimeout: 60)
{
    private readonly HashSet<long> _asked = [];

    public override void CreateSessionId(in PacketView packet, in Tracking tracking, out SessionId id)
    {
        plugin.At("createSessionId");
        base.CreateSessionId(in packet, in tracking, out id);
        if (plugin.Is("createSessionId.count"))
            id.Count = 200;
        if (plugin.Is("createSessionId.number"))
            id.Words[0] = 0;
        if (!plugin.Is("createSessionId.later"))
            return;
        // Enqueue is the first to ask; the packet's partition gets another answer.
        lock (_asked)
        {
            if (!_asked.Add(packet.Record.Ordinal))
                plugin.At("createSessionId.later");
        }
    }
}

internal sealed class BrokenParser(BrokenPlugin plugin) : SessionParser
{
    public override Parsed Parse(Session session, in StreamData data)
    {
        plugin.At("parser.parse");
        session.Sub("broken")?.Parse(session, data.Side, data.Bytes);
        return Parsed.KeepGoing;
    }

    public override void Save(Session session, bool final) => plugin.At("parser.save");

    public override void Free(Session session) => plugin.At("parser.free");
}

internal sealed class BrokenSubParser(BrokenPlugin plugin) : SubParser
{
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        plugin.At("sub.parse");
        return true;
    }
}
