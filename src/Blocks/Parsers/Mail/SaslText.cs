using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Mail;

/// <summary>What clients and servers say to each other in base64 while the one logs in at the other (SASL, RFC 4422).</summary>
internal static class SaslText
{
    /// <summary>Bytes of a decoded message that are looked at.</summary>
    private const int LongestMessage = 4096;

    /// <summary>Decodes the name that AUTH LOGIN asks for first; lower case.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool AddLogin(SpiFields values, SpiField user, ReadOnlySpan<byte> base64)
    {
        Span<byte> bytes = stackalloc byte[LongestMessage];
        int length = Decode(base64, bytes);
        return length > 0 && values.AddLower(user, bytes[..length]);
    }

    /// <summary>Decodes PLAIN (RFC 4616): <c>[acting for] NUL user NUL password</c>; the user, lower case.</summary>
    public static void AddPlain(SpiFields values, SpiField user, ReadOnlySpan<byte> base64)
    {
        Span<byte> bytes = stackalloc byte[LongestMessage];
        ReadOnlySpan<byte> message = bytes[..Decode(base64, bytes)];
        int first = message.IndexOf((byte)0);
        if (first < 0)
            return;
        message = message[(first + 1)..];
        int second = message.IndexOf((byte)0);
        if (second >= 0)
            values.AddLower(user, message[..second]);
    }

    /// <summary>Hands an NTLM message on to its parser (MS-NLMP section 2.2).</summary>
    /// <returns>Whether it was one.</returns>
    public static bool TryNtlm(Session session, Side side, ReadOnlySpan<byte> base64)
    {
        // What the signature is in base64, so that other lines need not be decoded
        if (!base64.StartsWith("TlRMTVNTUA"u8))
            return false;
        Span<byte> bytes = stackalloc byte[LongestMessage];
        ReadOnlySpan<byte> message = bytes[..Decode(base64, bytes)];
        if (!message.StartsWith("NTLMSSP\0"u8))
            return false;
        session.Sub("ntlm")?.Parse(session, side, message);
        return true;
    }

    private static int Decode(ReadOnlySpan<byte> base64, Span<byte> bytes) => new Base64Decoder().Decode(base64, bytes);
}
