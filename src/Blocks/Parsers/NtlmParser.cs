using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>NTLM, for all protocols whose authentication it is: sub-parser <c>ntlm</c>.</summary>
public sealed class NtlmPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "ntlm";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new NtlmFields(registrar);
        registrar.Sub("ntlm", () => new NtlmParser(fields));
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class NtlmFields(IRegistrar registrar)
{
    public SpiField User { get; } = registrar.Field("user");
    public SpiField Domain { get; } = registrar.Field("ntlm.domain");
    public SpiField Host { get; } = registrar.Field("ntlm.host");
    public SpiField TargetName { get; } = registrar.Field("ntlm.targetName");
    public SpiField Version { get; } = registrar.Field("ntlm.version");
    public SpiField Type { get; } = registrar.Field("ntlm.type");
}

/// <summary>
/// A message of NTLM (MS-NLMP section 2.2.1), plain or in a token of SPNEGO (RFC 4178): it is found by its signature. Texts lie behind the
/// header, where their lengths and offsets from the message's beginning say: | length (2) | room (2) | offset (4) |, least significant byte first.
/// <code>
/// | "NTLMSSP" 00 | 1 (4) | flags (4) | domain (8) | workstation (8) | version (8) |                              negotiate, texts of one byte a character
/// | "NTLMSSP" 00 | 2 (4) | target (8) | flags (4) | challenge (8) | 0 (8) | target's attributes (8) | version (8) |   challenge
/// | "NTLMSSP" 00 | 3 (4) | LM (8) | NT (8) | domain (8) | user (8) | workstation (8) | key (8) | flags (4) | version (8) |  authenticate
/// version: | major (1) | minor (1) | build (2) | 0 (3) | revision (1) |
/// </code>
/// </summary>
internal sealed class NtlmParser(NtlmFields fields) : SubParser
{
    private const uint Unicode = 0x0000_0001;
    private const uint HasVersion = 0x0200_0000;
    private const int FlagsOfAuthenticate = 60;
    private const int LongestName = 512;

    /// <inheritdoc/>
    public override bool Parse(Session session, Side side, ReadOnlySpan<byte> data, SpiField into = default)
    {
        int at = data.IndexOf("NTLMSSP\0"u8);
        if (at < 0)
            return false;
        ReadOnlySpan<byte> message = data[at..];
        var reader = new PacketReader(message);
        reader.Skip(8);
        uint type = reader.U32Le();
        if (reader.Failed || type is 0 or > 3)
            return false;
        session.AddProtocol("ntlm"u8);
        session.Fields.Add(fields.Type, type);
        switch (type)
        {
            case 1:
                Negotiate(session.Fields, message, reader);
                break;
            case 2:
                Challenge(session.Fields, message, reader);
                break;
            default:
                Authenticate(session.Fields, message, reader);
                break;
        }
        return true;
    }

    private void Negotiate(SpiFields values, ReadOnlySpan<byte> message, PacketReader reader)
    {
        uint flags = reader.U32Le();
        AddName(values, fields.Domain, Text(message, ref reader), TextEncoding.Utf8OrLatin1);
        AddName(values, fields.Host, Text(message, ref reader), TextEncoding.Utf8OrLatin1);
        AddVersion(values, flags, reader);
    }

    private void Challenge(SpiFields values, ReadOnlySpan<byte> message, PacketReader reader)
    {
        ReadOnlySpan<byte> target = Text(message, ref reader);
        uint flags = reader.U32Le();
        AddName(values, fields.TargetName, target, EncodingOf(flags));
        reader.Skip(24);
        AddVersion(values, flags, reader);
    }

    private void Authenticate(SpiFields values, ReadOnlySpan<byte> message, PacketReader reader)
    {
        // Old clients send neither flags nor version; their texts begin earlier, and are of two bytes a character.
        uint flags = Unicode;
        if (TextsBegin(message) > FlagsOfAuthenticate && message.Length >= FlagsOfAuthenticate + 4)
        {
            var behind = new PacketReader(message[FlagsOfAuthenticate..]);
            flags = behind.U32Le();
            AddVersion(values, flags, behind);
        }
        TextEncoding encoding = EncodingOf(flags);
        reader.Skip(16);
        AddName(values, fields.Domain, Text(message, ref reader), encoding);
        Span<byte> user = stackalloc byte[LongestName];
        user = user[..SpiText.ToUtf8(Text(message, ref reader), encoding, user)];
        if (!user.IsEmpty)
            values.AddLower(fields.User, user);
        AddName(values, fields.Host, Text(message, ref reader), encoding);
    }

    private void AddVersion(SpiFields values, uint flags, PacketReader reader)
    {
        int major = reader.U8();
        int minor = reader.U8();
        int build = reader.U16Le();
        if (reader.Failed || (flags & HasVersion) == 0 || (major | minor | build) == 0)
            return;
        var text = new TextBuilder(stackalloc byte[16]);
        text.Append(major);
        text.Append("."u8);
        text.Append(minor);
        text.Append("."u8);
        text.Append(build);
        values.Add(fields.Version, text.Text);
    }

    private static void AddName(SpiFields values, SpiField field, ReadOnlySpan<byte> name, TextEncoding encoding)
    {
        if (!name.IsEmpty)
            values.AddText(field, name, encoding);
    }

    private static TextEncoding EncodingOf(uint flags) =>
        (flags & Unicode) != 0 ? TextEncoding.Utf16LittleEndian : TextEncoding.Utf8OrLatin1;

    /// <summary>Where the first text of an authenticate message begins, of those that are not empty.</summary>
    private static uint TextsBegin(ReadOnlySpan<byte> message)
    {
        var reader = new PacketReader(message);
        reader.Skip(12);
        uint least = uint.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            int length = reader.U16Le();
            reader.Skip(2);
            uint offset = reader.U32Le();
            if (length > 0)
                least = Math.Min(least, offset);
        }
        return least;
    }

    /// <summary>Reads length and offset of a text; empty when it does not lie in the message.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> message, ref PacketReader reader)
    {
        int length = reader.U16Le();
        reader.Skip(2);
        uint offset = reader.U32Le();
        return offset > message.Length || length > message.Length - (int)offset ? default : message.Slice((int)offset, length);
    }
}
