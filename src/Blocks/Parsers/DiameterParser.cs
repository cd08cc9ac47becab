using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Diameter (RFC 6733 sections 3 and 4) over TCP and SCTP.
/// <code>
/// | version 1 | length (3) | flags (1): 80 request, lower four bits 0 | command (3) | application (4) | hop by hop (4) | end to end (4) | attributes |
/// attribute: | code (4) | flags (1): 80 vendor | length (3), filled up to 4 bytes | vendor (4), if flagged | value |
/// </code>
/// </summary>
public sealed class DiameterPlugin : IFlowPipePlugin
{
    private const ushort Port = 3868;
    private const ushort TlsPort = 5658;

    /// <inheritdoc/>
    public string Name => "diameter";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new DiameterFields(registrar);
        ParserKind<DiameterParser> kind = registrar.Parser("diameter", () => new DiameterParser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (!DiameterParser.IsMessage(bytes))
                return;
            session.AddProtocol("diameter"u8);
            session.Add(kind);
        };
        foreach (SessionType type in (SessionType[])[SessionType.Tcp, SessionType.Sctp])
        {
            registrar.Port("diameter", type, Port, null, classify);
            registrar.Port("diameter", type, TlsPort, null, classify);
        }
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class DiameterFields(IRegistrar registrar)
{
    public SpiField OriginHost { get; } = registrar.Field("diameter.origin-host");
    public SpiField OriginRealm { get; } = registrar.Field("diameter.origin-realm");
    public SpiField DestinationHost { get; } = registrar.Field("diameter.dest-host");
    public SpiField DestinationRealm { get; } = registrar.Field("diameter.dest-realm");
    public SpiField SessionId { get; } = registrar.Field("diameter.session-id");
    public SpiField User { get; } = registrar.Field("diameter.user");
    public SpiField Command { get; } = registrar.Field("diameter.cmd");
    public SpiField Application { get; } = registrar.Field("diameter.app");
    public SpiField ResultCode { get; } = registrar.Field("diameter.resultCode");
}

/// <summary>Parses messages.</summary>
internal sealed class DiameterParser(DiameterFields fields) : MessageParser(Longest)
{
    private const int HeaderLength = 20;
    private const int Longest = 64 * 1024;
    private const int RequestFlag = 0x80;
    private const int VendorFlag = 0x80;

    /// <summary>Whether a message begins here.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes)
    {
        var reader = new PacketReader(bytes);
        int version = reader.U8();
        uint length = reader.U24();
        int flags = reader.U8();
        uint command = reader.U24();
        reader.Skip(HeaderLength - 8);
        return !reader.Failed && version == 1 && length >= HeaderLength && (flags & 0xF) == 0 && command != 0;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        var reader = new PacketReader(bytes);
        int version = reader.U8();
        int length = (int)reader.U24();
        if (reader.Failed)
            return Incomplete;
        return version == 1 && length >= HeaderLength ? length : Malformed;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (Measure(message) is Incomplete or Malformed)
            return false;
        SpiFields values = session.Fields;
        var reader = new PacketReader(message);
        reader.Skip(1);
        int length = (int)reader.U24();
        if (length > message.Length)
            return true;
        reader = new PacketReader(message[4..length]);
        int flags = reader.U8();
        uint command = reader.U24();
        uint application = reader.U32();
        reader.Skip(8);
        bool isRequest = (flags & RequestFlag) != 0;
        var text = new TextBuilder(stackalloc byte[80]);
        if (DiameterNames.Command((int)command) is { IsEmpty: false } name)
        {
            text.Append(name);
            text.Append("-"u8);
        }
        text.Append(isRequest ? "Request"u8 : "Answer"u8);
        AddNumbered(values, fields.Command, text, command);
        AddApplication(values, application);
        while (reader.Remaining >= 8)
        {
            uint code = reader.U32();
            bool hasVendor = (reader.U8() & VendorFlag) != 0;
            int bytes = (int)reader.U24() - (hasVendor ? 12 : 8);
            if (hasVendor)
                reader.Skip(4);
            ReadOnlySpan<byte> value = reader.Take(bytes);
            if (reader.Failed)
                break;
            reader.Skip(Math.Min(-bytes & 3, reader.Remaining));
            AddAttribute(values, code, value);
        }
        return true;
    }

    private void AddApplication(SpiFields values, uint application)
    {
        var text = new TextBuilder(stackalloc byte[64]);
        if (DiameterNames.Application(application) is { IsEmpty: false } name)
        {
            text.Append(name);
            AddNumbered(values, fields.Application, text, application);
            return;
        }
        text.Append(application);
        values.Add(fields.Application, text.Text);
    }

    private static void AddNumbered(SpiFields values, SpiField field, scoped TextBuilder text, uint number)
    {
        text.Append(" ("u8);
        text.Append(number);
        text.Append(")"u8);
        values.Add(field, text.Text);
    }

    private void AddAttribute(SpiFields values, uint code, ReadOnlySpan<byte> value)
    {
        if (code == 268) // Result-Code
        {
            var reader = new PacketReader(value);
            uint result = reader.U32();
            if (!reader.Failed)
                values.Add(fields.ResultCode, result);
            return;
        }
        SpiField field = code switch
        {
            1 => fields.User,
            263 => fields.SessionId,
            264 => fields.OriginHost,
            283 => fields.DestinationRealm,
            293 => fields.DestinationHost,
            296 => fields.OriginRealm,
            _ => default,
        };
        if (!field.IsNone && !value.IsEmpty)
            values.AddText(field, value, TextEncoding.Utf8OrLatin1);
    }
}
