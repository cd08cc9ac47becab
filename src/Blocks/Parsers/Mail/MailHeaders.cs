using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Mail;

/// <summary>What the headers of a message say (RFC 5322 section 3.6).</summary>
internal static class MailHeaders
{
    /// <summary>Records a header; white space is still before its value.</summary>
    public static void Add(MailFields fields, Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        SpiFields values = session.Fields;
        values.AddLower(fields.Header, name);
        if (AddOwn(fields, session, name, value) || AddAddress(fields, values, name, value) || !fields.AllHeaders)
            return;
        if (values.AddLower(fields.HeaderName, name))
            values.AddText(fields.HeaderValue, MailText.TrimStart(value), TextEncoding.Utf8OrLatin1);
    }

    /// <summary>Whether a header's name is this one.</summary>
    public static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) =>
        name.Length == lower.Length && Ascii.EqualsIgnoreCase(name, lower);

    /// <summary>Headers that have a field of their own.</summary>
    private static bool AddOwn(MailFields fields, Session session, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        SpiFields values = session.Fields;
        if (Is(name, "from"u8))
            MailAddresses.Add(values, fields.Sender, value, empty: true);
        else if (Is(name, "to"u8) || Is(name, "cc"u8))
            MailAddresses.Add(values, fields.Receiver, value, empty: true);
        else if (Is(name, "subject"u8))
            AddSubject(fields, session, value);
        else if (Is(name, "received"u8))
            ReceivedHeader.Add(fields, values, value);
        else if (Is(name, "message-id"u8))
            AddText(values, fields.MessageId, MailText.Between(value, (byte)'<', (byte)'>'));
        else if (Is(name, "content-type"u8))
            AddText(values, fields.ContentType, MailText.TrimStart(value));
        else if (Is(name, "x-mailer"u8) || Is(name, "user-agent"u8))
            AddText(values, fields.UserAgent, MailText.TrimStart(value));
        else if (Is(name, "mime-version"u8))
            AddText(values, fields.MimeVersion, MailText.TrimStart(value));
        else
            return false;
        return true;
    }

    private static void AddSubject(MailFields fields, Session session, ReadOnlySpan<byte> value)
    {
        if (value is [(byte)' ', ..])
            value = value[1..];
        else
            session.AddTag("smtp:missing-subject-space"u8);
        EncodedWords.Add(fields, session, fields.Subject, value);
    }

    private static bool AddAddress(MailFields fields, SpiFields values, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        foreach (byte[] header in fields.IpHeaders)
        {
            if (!Is(name, header))
                continue;
            ReceivedHeader.AddAddress(fields, values, MailText.Between(value, (byte)'[', (byte)']'));
            return true;
        }
        return false;
    }

    private static void AddText(SpiFields values, SpiField field, ReadOnlySpan<byte> text) =>
        values.AddText(field, text, TextEncoding.Utf8OrLatin1);
}
