using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// S7comm and S7comm-plus, which Siemens' controllers speak, in the data of ISO transport (<see cref="Tpkt"/>). Siemens does not say how; this
/// is what everybody sees.
/// <code>
/// S7comm:      | 32 | kind (1) | 0 (2) | reference (2) | length of parameters (2) | length of data (2) | of kinds 2 and 3: error class (1) error code (1) | parameters: function (1) …
/// S7comm-plus: | 72 | version (1) | length (2) | length of digest (1) | digest | opcode (1) | …
/// </code>
/// </summary>
public sealed class S7commPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "s7comm";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new S7commFields(registrar);
        ParserKind<S7commParser> kind = registrar.Parser("s7comm", () => new S7commParser(fields));
        registrar.Tcp(
            "s7comm",
            0,
            [3, 0],
            (session, _, bytes) =>
            {
                if (S7commParser.IsFirst(bytes))
                    session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class S7commFields(IRegistrar registrar)
{
    public SpiField Kind { get; } = registrar.Field("s7comm.rosctr");
    public SpiField Function { get; } = registrar.Field("s7comm.func");
    public SpiField FunctionName { get; } = registrar.Field("s7comm.funcName");
    public SpiField Reference { get; } = registrar.Field("s7comm.pduref");
    public SpiField ErrorClass { get; } = registrar.Field("s7comm.errorClass");
    public SpiField ErrorCode { get; } = registrar.Field("s7comm.errorCode");
    public SpiField Opcode { get; } = registrar.Field("s7comm.opcode");
}

/// <summary>Parses packets.</summary>
internal sealed class S7commParser(S7commFields fields) : MessageParser(Longest)
{
    private const int Longest = 8 * 1024;
    private const byte S7comm = 0x32;
    private const byte S7commPlus = 0x72;

    /// <summary>
    /// Whether a stream may begin so: with data of one of the two, or with a connection that names transport selectors (C1, C2), which remote
    /// desktops do not.
    /// </summary>
    public static bool IsFirst(ReadOnlySpan<byte> bytes)
    {
        int length = Tpkt.Measure(bytes);
        if (length < 7 || length > bytes.Length || !Tpkt.TryOpen(bytes[..length], out int type, out ReadOnlySpan<byte> content))
            return false;
        if (type == Tpkt.Data)
            return content is [S7comm or S7commPlus, ..];
        if (type is not (Tpkt.ConnectionRequest or Tpkt.ConnectionConfirm) || length < Tpkt.VariablePart)
            return false;
        var reader = new PacketReader(bytes[Tpkt.VariablePart..length]);
        while (reader.Remaining > 2)
        {
            if (reader.U8() is 0xC1 or 0xC2)
                return true;
            reader.Skip(reader.U8());
        }
        return false;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes) => Tpkt.Measure(bytes);

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (!Tpkt.TryOpen(message, out int type, out ReadOnlySpan<byte> content) || type != Tpkt.Data || content.IsEmpty)
            return true;
        if (content[0] == S7comm)
            ReadS7comm(session, content);
        else if (content[0] == S7commPlus)
            ReadPlus(session, content);
        return true;
    }

    private void ReadS7comm(Session session, ReadOnlySpan<byte> content)
    {
        session.AddProtocol("s7comm"u8);
        SpiFields values = session.Fields;
        var reader = new PacketReader(content);
        reader.Skip(1);
        int kind = reader.U8();
        reader.Skip(2);
        int reference = reader.U16();
        int parameters = reader.U16();
        reader.Skip(2);
        if (reader.Failed)
            return;
        values.Add(fields.Kind, kind);
        values.Add(fields.Reference, reference);
        if (kind is 2 or 3)
        {
            int errorClass = reader.U8();
            int errorCode = reader.U8();
            if (errorClass != 0)
                values.Add(fields.ErrorClass, errorClass);
            if (errorCode != 0)
                values.Add(fields.ErrorCode, errorCode);
        }
        if (parameters == 0 || reader.Remaining == 0)
            return;
        int function = reader.U8();
        values.Add(fields.Function, function);
        if (NameOf(function) is { IsEmpty: false } name)
            values.Add(fields.FunctionName, name);
    }

    private void ReadPlus(Session session, ReadOnlySpan<byte> content)
    {
        session.AddProtocol("s7comm-plus"u8);
        var reader = new PacketReader(content);
        reader.Skip(4);
        reader.Skip(reader.U8());
        int opcode = reader.U8();
        if (!reader.Failed)
            session.Fields.Add(fields.Opcode, opcode);
    }

    private static ReadOnlySpan<byte> NameOf(int function) =>
        function switch
        {
            0x00 => "CPU services"u8,
            0xF0 => "Setup communication"u8,
            0x04 => "Read Var"u8,
            0x05 => "Write Var"u8,
            0x1A => "Request download"u8,
            0x1B => "Download block"u8,
            0x1C => "Download ended"u8,
            0x1D => "Start upload"u8,
            0x1E => "Upload"u8,
            0x1F => "End upload"u8,
            0x28 => "PLC Control"u8,
            0x29 => "PLC Stop"u8,
            _ => default,
        };
}
