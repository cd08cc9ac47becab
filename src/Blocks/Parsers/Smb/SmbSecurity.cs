using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Smb;

/// <summary>
/// The token by which a session begins: SPNEGO (RFC 4178) or plain NTLM. NTLM's own fields are its sub-parser's; here who it is for SMB, by the
/// authenticate message (MS-NLMP section 2.2.1.3), which comes in SPNEGO's <c>[1] negTokenResp { … [2] responseToken OCTET STRING }</c>.
/// </summary>
internal static class SmbSecurity
{
    private const byte NegTokenResp = 0xA1;
    private const int Authenticate = 3;

    /// <summary>Reads a token.</summary>
    public static void Read(SmbFields fields, Session session, Side side, ReadOnlySpan<byte> token)
    {
        if (!fields.AsArkime || token is [NegTokenResp, ..] || token.StartsWith("NTLMSSP\0"u8))
            session.Sub("ntlm")?.Parse(session, side, token);
        if (fields.AsArkime && token is not [NegTokenResp, ..])
            return;
        int at = token.IndexOf("NTLMSSP\0"u8);
        if (at < 0)
            return;
        ReadOnlySpan<byte> message = token[at..];
        var reader = new PacketReader(message);
        reader.Skip(8);
        if (reader.U32Le() != Authenticate)
            return;
        reader.Skip(16);
        // All must lie in the message: what does not is no client's.
        if (
            TryText(message, ref reader, out ReadOnlySpan<byte> domain)
            && TryText(message, ref reader, out ReadOnlySpan<byte> user)
            && TryText(message, ref reader, out ReadOnlySpan<byte> host)
        )
        {
            Add(session.Fields, fields.Domain, domain);
            Add(session.Fields, fields.User, user);
            Add(session.Fields, fields.Host, host);
            return;
        }
        session.AddTag("smb:bad-security-blob"u8);
    }

    private static void Add(SpiFields values, SpiField field, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
            values.AddText(field, text, TextEncoding.Utf16LittleEndian);
    }

    private static bool TryText(ReadOnlySpan<byte> message, ref PacketReader reader, out ReadOnlySpan<byte> text)
    {
        int length = reader.U16Le();
        reader.Skip(2);
        uint offset = reader.U32Le();
        bool lies = !reader.Failed && offset <= message.Length && length <= message.Length - (int)offset;
        text = lies ? message.Slice((int)offset, length) : default;
        return lies;
    }
}
