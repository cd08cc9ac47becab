using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Remote desktops (MS-RDPBCGR section 2.2.1), in packets of ISO transport (<see cref="Tpkt"/>): how the connection begins.
/// <code>
/// request: | "Cookie: mstshash=" user CR LF, or none | 01 | flags (1) | length (2) | protocols asked for (4) |
/// confirm: | 02 | flags (1) | length (2) | protocol chosen (4) |
/// data:    | MCS Connect Initial: 7F 65 … "Duca" | length | blocks: type (2) length (2) content |
/// block C001: | version (4) | width (2) | height (2) | depth (2) | sequence (2) | keyboard (4) | build (4) | name, UTF-16 (32) | …
/// </code>
/// Numbers have their least significant byte first. What follows the confirm may be TLS, which is classified as such.
/// </summary>
public sealed class RdpPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "rdp";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new RdpFields(registrar);
        ParserKind<RdpParser> kind = registrar.Parser("rdp", () => new RdpParser(fields));
        registrar.Tcp(
            "rdp",
            0,
            [3, 0],
            (session, _, bytes) =>
            {
                if (!RdpParser.IsFirst(bytes))
                    return;
                session.AddProtocol("rdp"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class RdpFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("user");
    public SpiField ClientName { get; } = registrar.Field("rdp.client-name");
    public SpiField KeyboardLayout { get; } = registrar.Field("rdp.keyboard-layout");
    public SpiField ClientBuild { get; } = registrar.Field("rdp.client-build");
    public SpiField Requested { get; } = registrar.Field("rdp.requested-protocols");
    public SpiField Selected { get; } = registrar.Field("rdp.selected-protocol");
}

/// <summary>Parses packets until the connection is confirmed, or the client has said what it is.</summary>
internal sealed class RdpParser(RdpFields fields) : MessageParser(Longest)
{
    private const int Longest = 8 * 1024;
    private const int FixedPart = Tpkt.VariablePart;
    private const int NegotiationRequest = 1;
    private const int NegotiationResponse = 2;
    private const int NegotiationFailure = 3;
    private const int ClientCore = 0xC001;
    private const int NameLength = 32;
    private static ReadOnlySpan<byte> Cookie => "Cookie: mstshash="u8;

    /// <summary>Whether a stream that begins so is a remote desktop's.</summary>
    public static bool IsFirst(ReadOnlySpan<byte> bytes) =>
        bytes.Length > FixedPart
        && (bytes[5] & 0xF0) is Tpkt.ConnectionRequest or Tpkt.ConnectionConfirm
        && (bytes[FixedPart..].StartsWith(Cookie) || bytes[FixedPart] is NegotiationRequest or NegotiationResponse or NegotiationFailure);

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes) => Tpkt.Measure(bytes);

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (message.Length < 6)
            return false;
        switch (message[5] & 0xF0)
        {
            case Tpkt.ConnectionRequest:
                ReadRequest(session.Fields, message);
                return true;
            case Tpkt.ConnectionConfirm:
                ReadProtocols(session.Fields, fields.Selected, NegotiationResponse, VariablePart(message));
                return true;
            case Tpkt.Data when side == Side.Client && Tpkt.TryOpen(message, out int _, out ReadOnlySpan<byte> content):
                ReadConnect(session.Fields, content);
                return false;
            default:
                return true;
        }
    }

    private static ReadOnlySpan<byte> VariablePart(ReadOnlySpan<byte> message) =>
        message.Length > FixedPart ? message[FixedPart..] : default;

    private void ReadRequest(SpiFields values, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> rest = VariablePart(message);
        if (rest.StartsWith(Cookie))
        {
            rest = rest[Cookie.Length..];
            int end = rest.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> user = end < 0 ? rest : rest[..end];
            if (!user.IsEmpty)
                values.AddLower(fields.User, user);
            rest = rest[Math.Min(user.Length + 2, rest.Length)..];
        }
        ReadProtocols(values, fields.Requested, NegotiationRequest, rest);
    }

    private static void ReadProtocols(SpiFields values, SpiField field, int type, ReadOnlySpan<byte> negotiation)
    {
        var reader = new PacketReader(negotiation);
        int found = reader.U8();
        reader.Skip(3);
        uint protocols = reader.U32Le();
        if (reader.Failed || found != type)
            return;
        if (protocols == 0)
            values.Add(field, "rdp"u8);
        if ((protocols & 1) != 0)
            values.Add(field, "ssl"u8);
        if ((protocols & 2) != 0)
            values.Add(field, "nla"u8);
        if ((protocols & 4) != 0)
            values.Add(field, "rdstls"u8);
        if ((protocols & 8) != 0)
            values.Add(field, "nla-ext"u8);
    }

    /// <summary>The client's blocks follow the key of the conference's user data, "Duca" (T.124), and their length, of one or two bytes.</summary>
    private void ReadConnect(SpiFields values, ReadOnlySpan<byte> content)
    {
        int key = content.StartsWith((ReadOnlySpan<byte>)[0x7F, 0x65]) ? content.IndexOf("Duca"u8) : -1;
        if (key < 0)
            return;
        var reader = new PacketReader(content[(key + 4)..]);
        // T.125 in PER (X.691 section 10.9): a first bit of 1 says that the length has two bytes
        if ((reader.U8() & 0x80) != 0)
            reader.Skip(1);
        while (reader.Remaining >= 4)
        {
            int type = reader.U16Le();
            ReadOnlySpan<byte> block = reader.Take(reader.U16Le() - 4);
            if (type == ClientCore)
                ReadClient(values, block);
        }
    }

    private void ReadClient(SpiFields values, ReadOnlySpan<byte> block)
    {
        var reader = new PacketReader(block);
        reader.Skip(12);
        uint keyboard = reader.U32Le();
        uint build = reader.U32Le();
        ReadOnlySpan<byte> name = reader.Take(NameLength);
        if (reader.Failed)
            return;
        Span<byte> text = stackalloc byte[3 * NameLength];
        ReadOnlySpan<byte> utf8 = text[..SpiText.ToUtf8(name, TextEncoding.Utf16LittleEndian, text)];
        utf8 = utf8.UpToNul();
        if (!utf8.IsEmpty)
            values.Add(fields.ClientName, utf8);
        if (build > 0)
            values.Add(fields.ClientBuild, build);
        AddKeyboard(values, keyboard);
    }

    private void AddKeyboard(SpiFields values, uint keyboard)
    {
        ReadOnlySpan<byte> name = NameOf(keyboard);
        if (keyboard == 0)
            return;
        if (!name.IsEmpty)
        {
            values.Add(fields.KeyboardLayout, name);
            return;
        }
        Span<byte> digits = stackalloc byte[10];
        "0x"u8.CopyTo(digits);
        keyboard.TryFormat(digits[2..], out int length, "x4", System.Globalization.CultureInfo.InvariantCulture);
        values.Add(fields.KeyboardLayout, digits[..(2 + length)]);
    }

    /// <summary>Languages of the usual layouts (MS-LCID).</summary>
    private static ReadOnlySpan<byte> NameOf(uint keyboard) =>
        keyboard switch
        {
            0x0401 => "ar-SA"u8,
            0x0404 => "zh-TW"u8,
            0x0405 => "cs-CZ"u8,
            0x0407 => "de-DE"u8,
            0x0408 => "el-GR"u8,
            0x0409 => "en-US"u8,
            0x040C => "fr-FR"u8,
            0x040D => "he-IL"u8,
            0x040E => "hu-HU"u8,
            0x0410 => "it-IT"u8,
            0x0411 => "ja-JP"u8,
            0x0412 => "ko-KR"u8,
            0x0413 => "nl-NL"u8,
            0x0415 => "pl-PL"u8,
            0x0416 => "pt-BR"u8,
            0x0418 => "ro-RO"u8,
            0x0419 => "ru-RU"u8,
            0x041B => "sk-SK"u8,
            0x041E => "th-TH"u8,
            0x041F => "tr-TR"u8,
            0x0422 => "uk-UA"u8,
            0x0429 => "fa-IR"u8,
            0x042A => "vi-VN"u8,
            0x0804 => "zh-CN"u8,
            0x0809 => "en-GB"u8,
            0x0816 => "pt-PT"u8,
            0x0C0A => "es-ES"u8,
            _ => default,
        };
}
