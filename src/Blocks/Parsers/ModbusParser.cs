using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Modbus over TCP (MODBUS Messaging on TCP/IP Implementation Guide 1.0b, section 3.1.3).
/// <code>
/// | transaction (2) | protocol 0 (2) | length of what follows (2) | unit (1) | function (1), bit 7 of a response: exception | data or exception (1) |
/// </code>
/// </summary>
public sealed class ModbusPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "modbus";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new ModbusFields(registrar);
        ParserKind<ModbusParser> kind = registrar.Parser("modbus", () => new ModbusParser(fields));
        registrar.Port(
            "modbus",
            SessionType.Tcp,
            ModbusParser.Port,
            null,
            (session, _, bytes) =>
            {
                // One message, which ends with the segment
                if (
                    bytes.Length < ModbusParser.HeaderLength + 1
                    || bytes[2] != 0
                    || bytes[3] != 0
                    || BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]) != bytes.Length - ModbusParser.LengthEnd
                )
                    return;
                session.AddProtocol("modbus"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class ModbusFields(IRegistrar registrar)
{
    public SpiField Unit { get; } = registrar.Field("modbus.unitid");
    public SpiField Transaction { get; } = registrar.Field("modbus.transactionid");
    public SpiField Protocol { get; } = registrar.Field("modbus.protocolid");
    public SpiField Function { get; } = registrar.Field("modbus.funccode");
    public SpiField Exception { get; } = registrar.Field("modbus.exccode");
}

/// <summary>Parses requests, and exceptions in responses; unit and protocol are those of each side's first message.</summary>
internal sealed class ModbusParser(ModbusFields fields) : MessageParser(LengthEnd + Longest)
{
    public const ushort Port = 502;
    public const int HeaderLength = 7;
    public const int LengthEnd = 6;
    private const int Shortest = 2;
    private const int Longest = 255;
    private const int ExceptionBit = 0x80;
    private bool _clientSpoke;
    private bool _serverSpoke;

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _clientSpoke = _serverSpoke = false;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        return bytes[2] != 0 || bytes[3] != 0 || length is < Shortest or > Longest ? Malformed : LengthEnd + length;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        var reader = new PacketReader(message);
        int transaction = reader.U16();
        int protocol = reader.U16();
        reader.Skip(2);
        int unit = reader.U8();
        int function = reader.U8();
        // Who asks is told by the port: captures may miss the beginning.
        bool isRequest = side == (session.DestinationPort == Port ? Side.Client : Side.Server);
        if (isRequest)
        {
            session.Fields.Add(fields.Transaction, transaction);
            session.Fields.Add(fields.Function, function);
        }
        else if ((function & ExceptionBit) != 0)
        {
            int exception = reader.U8();
            if (!reader.Failed)
                session.Fields.Add(fields.Exception, exception);
        }
        ref bool spoke = ref side == Side.Client ? ref _clientSpoke : ref _serverSpoke;
        if (!spoke)
        {
            session.Fields.Add(fields.Unit, unit);
            session.Fields.Add(fields.Protocol, protocol);
        }
        spoke = true;
        return true;
    }
}
