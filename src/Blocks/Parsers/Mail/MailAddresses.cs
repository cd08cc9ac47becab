using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Mail;

/// <summary>Lists of mailboxes (RFC 5322 section 3.4): <c>"Last, First" &lt;a@example.com&gt;, b@example.com</c>.</summary>
internal static class MailAddresses
{
    /// <summary>Adds the address of each mailbox, in lower case.</summary>
    /// <param name="fields">The record's values.</param>
    /// <param name="field">Where they go.</param>
    /// <param name="list">The header's value.</param>
    /// <param name="empty">Whether an empty address is recorded.</param>
    public static void Add(SpiFields fields, SpiField field, ReadOnlySpan<byte> list, bool empty)
    {
        while (list.Length > 0)
        {
            ReadOnlySpan<byte> rest = MailText.TrimStart(list);
            if (rest is [(byte)'"', ..])
                rest = MailText.TrimStart(After(rest[1..], (byte)'"'));
            int end = rest.IndexOfAny((byte)'<', (byte)',');
            ReadOnlySpan<byte> address = end < 0 ? rest : rest[..end];
            rest = rest[address.Length..];
            if (rest is [(byte)'<', ..])
            {
                rest = rest[1..];
                address = rest.IndexOf((byte)'>') is >= 0 and var close ? rest[..close] : rest;
                rest = rest[address.Length..];
            }
            if (address.Length > 0 || empty)
                fields.AddLower(field, address);
            list = After(rest, (byte)',');
        }
    }

    private static ReadOnlySpan<byte> After(ReadOnlySpan<byte> text, byte end) =>
        text.IndexOf(end) is >= 0 and var at ? text[(at + 1)..] : default;
}
