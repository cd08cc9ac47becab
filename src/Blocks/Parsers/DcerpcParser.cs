using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// DCE/RPC over connections (C706 chapter 12, MS-RPCE section 2.2.2).
/// <code>
/// | 5 | 0 | type (1) | flags (1) | byte order (1): 10 least significant first | … (3) | length (2) | length of credentials (2) | call (4) |
/// bind, alter context: | sizes (4) | group (4) | contexts (1) | 0 (3) | each: id (2) transfers (1) 0 (1) interface (16) version (2) minor (2), transfers (20 each) |
/// request:             | hint (4) | context (2) | operation (2) | …
/// credentials at the end: | kind (1) | level (1) | padding (1) | 0 (1) | id (4) | token |
/// </code>
/// </summary>
public sealed class DcerpcPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "dcerpc";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new DcerpcFields(registrar);
        ParserKind<DcerpcParser> kind = registrar.Parser("dcerpc", () => new DcerpcParser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (bytes.Length < DcerpcParser.HeaderLength)
                return;
            session.AddProtocol("dcerpc"u8);
            session.Add(kind);
        };
        foreach (byte type in DcerpcParser.FirstTypes)
            registrar.Tcp("dcerpc", 0, [5, 0, type], classify);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class DcerpcFields(IRegistrar registrar)
{
    public SpiField Uuid { get; } = registrar.Field("dcerpc.uuid");
    public SpiField Interface { get; } = registrar.Field("dcerpc.interface");
    public SpiField Type { get; } = registrar.Field("dcerpc.msgType");
    public SpiField Operation { get; } = registrar.Field("dcerpc.opnum");
    public SpiField Version { get; } = registrar.Field("dcerpc.version");
}

/// <summary>Parses fragments, each on its own.</summary>
internal sealed class DcerpcParser(DcerpcFields fields) : MessageParser(Longest)
{
    public const int HeaderLength = 16;
    private const int Longest = 8 * 1024;
    private const int Request = 0;
    private const int Bind = 11;
    private const int AlterContext = 14;
    private const int LittleEndian = 0x10;
    private const int UuidText = 36;
    private const int CredentialsHeader = 8;

    /// <summary>Types with which a side begins: request, response, bind, its acknowledgement.</summary>
    public static ReadOnlySpan<byte> FirstTypes => [0, 2, 11, 12];

    /// <inheritdoc/>
    protected override void OnMalformed(Session session) => session.AddTag("dcerpc:bad-fraglen"u8);

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        int length =
            (bytes[4] & LittleEndian) != 0
                ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..])
                : BinaryPrimitives.ReadUInt16BigEndian(bytes[8..]);
        return length is < HeaderLength or > Longest ? Malformed : length;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        int type = message[2];
        if (DcerpcNames.Type(type) is { IsEmpty: false } name)
            session.Fields.Add(fields.Type, name);
        var reader = new OrderedReader(message, (message[4] & LittleEndian) != 0);
        reader.Skip(10);
        int credentials = reader.U16();
        reader.Skip(4);
        if (credentials > 0 && credentials + CredentialsHeader <= message.Length - HeaderLength)
            session.Sub("ntlm")?.Parse(session, side, message[^credentials..]);
        switch (type)
        {
            case Bind or AlterContext:
                ReadBind(session, ref reader);
                break;
            case Request:
                reader.Skip(6);
                int operation = reader.U16();
                if (!reader.Failed)
                    session.Fields.Add(fields.Operation, operation);
                break;
        }
        return true;
    }

    private void ReadBind(Session session, ref OrderedReader reader)
    {
        Span<byte> uuid = stackalloc byte[UuidText];
        reader.Skip(8);
        int contexts = reader.U8();
        reader.Skip(3);
        for (int i = 0; i < contexts && !reader.Failed; i++)
        {
            reader.Skip(2);
            int transfers = reader.U8();
            reader.Skip(1);
            reader.Uuid(uuid);
            int version = reader.U16();
            reader.Skip(2);
            reader.Skip(20 * transfers);
            if (reader.Failed)
                return;
            AddInterface(session, uuid, version);
        }
    }

    private void AddInterface(Session session, ReadOnlySpan<byte> uuid, int version)
    {
        session.Fields.Add(fields.Uuid, uuid);
        if (DcerpcNames.Interface(uuid) is { IsEmpty: false } name)
        {
            session.Fields.Add(fields.Interface, name);
            session.AddProtocol(name);
        }
        var text = new TextBuilder(stackalloc byte[8]);
        text.Append(version);
        session.Fields.Add(fields.Version, text.Text);
    }

    /// <summary>Reads numbers in the order that the message says.</summary>
    private ref struct OrderedReader(ReadOnlySpan<byte> bytes, bool littleEndian)
    {
        private PacketReader _reader = new(bytes);

        public readonly bool Failed => _reader.Failed;

        public byte U8() => _reader.U8();

        public ushort U16() => littleEndian ? _reader.U16Le() : _reader.U16();

        public void Skip(int count) => _reader.Skip(count);

        /// <summary>A UUID as text: | number (4) | number (2) | number (2) | bytes (8) |.</summary>
        public void Uuid(scoped Span<byte> text)
        {
            Span<byte> uuid = stackalloc byte[16];
            _reader.Take(16).CopyTo(uuid);
            if (littleEndian)
            {
                uuid[..4].Reverse();
                uuid[4..6].Reverse();
                uuid[6..8].Reverse();
            }
            int at = 0;
            for (int i = 0; i < uuid.Length; i++)
            {
                if (i is 4 or 6 or 8 or 10)
                    text[at++] = (byte)'-';
                at += Hex.Write(uuid.Slice(i, 1), text[at..]);
            }
        }
    }
}
