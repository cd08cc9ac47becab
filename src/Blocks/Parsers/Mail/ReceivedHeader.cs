using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Mail;

/// <summary>
/// The trace of a message (RFC 5321 section 4.4): the hosts after <c>from</c> and <c>by</c>, and addresses in brackets.
/// <code>
/// Received: from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.org with ESMTP; Mon, 5 Oct 2009 11:36:07 +0530
/// </code>
/// </summary>
internal static class ReceivedHeader
{
    /// <summary>Words closer to the end than this name no host.</summary>
    private const int ShortestClause = 10;

    private const int LongestAddress = 64;

    public static void Add(MailFields fields, SpiFields values, ReadOnlySpan<byte> text)
    {
        for (int at = 0; at < text.Length; at++)
        {
            if (text.Length - at > ShortestClause)
            {
                ReadOnlySpan<byte> rest = text[at..];
                bool from = rest.StartsWith("from "u8) && (at == 0 || text[at - 1] != '-'); // not "envelope-from"
                if (from || rest.StartsWith("by "u8))
                {
                    rest = MailText.TrimStart(rest[(from ? 5 : 3)..]);
                    at = text.Length - rest.Length;
                    if (!(from && rest is [(byte)'[', ..]))
                        at += AddHost(fields, values, rest);
                }
            }
            if (at < text.Length && text[at] == '[')
            {
                ReadOnlySpan<byte> address = text[(at + 1)..];
                address = address.IndexOf((byte)']') is >= 0 and var close ? address[..close] : address;
                AddAddress(fields, values, address);
                at += 1 + address.Length;
            }
        }
    }

    /// <summary>Adds an address as a literal of mail has it: <c>192.0.2.1</c> or <c>IPv6:2001:db8::1</c> (RFC 5321 section 4.1.3).</summary>
    public static void AddAddress(MailFields fields, SpiFields values, ReadOnlySpan<byte> address)
    {
        address = Lines.Trim(address);
        if (Lines.StartsWith(address, "ipv6:"u8))
            address = address[5..];
        // A number alone is an address to inet_aton, and nothing of the kind in mail.
        if (address.Length is 0 or > LongestAddress || address.IndexOfAny((byte)'.', (byte)':') < 0 || !Ascii.IsValid(address))
            return;
        Span<char> text = stackalloc char[LongestAddress];
        int length = Encoding.ASCII.GetChars(address, text);
        if (IpText.TryParse(text[..length], out UInt128 ip) && ip != 0)
            values.AddIp(fields.Ip, ip);
    }

    private static int AddHost(MailFields fields, SpiFields values, ReadOnlySpan<byte> rest)
    {
        int end = rest.IndexOfAny((byte)' ', (byte)')');
        ReadOnlySpan<byte> host = end < 0 ? rest : rest[..end];
        int length = host.Length;
        values.AddLower(fields.Host, host[(host.LastIndexOf((byte)'@') + 1)..]);
        return length;
    }
}
