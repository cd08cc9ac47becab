using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Dns;

/// <summary>Writes the data of some types of records as text, much as zone files have it.</summary>
internal static class RecordTexts
{
    /// <summary>Bytes of such a text; a list that is longer is cut off.</summary>
    public const int LongestText = 4096;

    /// <summary>
    /// RFC 9460 section 2.2: <c>HTTPS 1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1</c>; parameters of other keys are left out.
    /// <code>
    /// | priority (2) | target name, not compressed | parameters: | key (2) | length (2) | value | …
    /// </code>
    /// </summary>
    public static bool TryWriteService(in ResourceRecord record, ref TextBuilder text)
    {
        ReadOnlySpan<byte> data = record.Data;
        if (data.Length < 3)
            return false;
        text.AppendWord(DnsRegistry.Type(record.Type));
        text.Append(BinaryPrimitives.ReadUInt16BigEndian(data));
        int at = 2;
        text.Append(" "u8);
        if (!TryAppendName(data, data.Length, ref at, ref text, "."u8))
            return false;
        var reader = new PacketReader(data[at..]);
        while (reader.Remaining >= 4)
        {
            ushort key = reader.U16();
            ReadOnlySpan<byte> value = reader.Take(reader.U16());
            if (!reader.Failed)
                AppendParameter(key, value, ref text);
        }
        return true;
    }

    /// <summary>RFC 8659 section 4.1: <c>CAA 0 issue ca.example</c>; | flags (1) | tag length (1) | tag | value |.</summary>
    public static bool TryWriteAuthority(in ResourceRecord record, ref TextBuilder text)
    {
        var reader = new PacketReader(record.Data);
        byte flags = reader.U8();
        ReadOnlySpan<byte> tag = reader.Take(reader.U8());
        if (reader.Failed)
            return false;
        text.Append("CAA "u8);
        text.AppendWord(flags);
        text.AppendWord(tag);
        text.Append(reader.Rest);
        return true;
    }

    /// <summary>
    /// RFC 4034 section 3.1: <c>RRSIG A 13 2 3600 1737849600 1735257600 12345 example.com</c>, times in seconds since 1970.
    /// <code>
    /// | type covered (2) | algorithm (1) | labels (1) | TTL (4) | expiration (4) | inception (4) | key tag (2) | signer | signature
    /// </code>
    /// </summary>
    public static bool TryWriteSignature(in ResourceRecord record, ref TextBuilder text)
    {
        var reader = new PacketReader(record.Data);
        text.Append("RRSIG "u8);
        AppendType(reader.U16(), ref text);
        text.Append(" "u8);
        text.AppendWord(reader.U8());
        text.AppendWord(reader.U8());
        text.AppendWord(reader.U32());
        text.AppendWord(reader.U32());
        text.AppendWord(reader.U32());
        text.AppendWord(reader.U16());
        int at = record.DataEnd - reader.Remaining;
        return !reader.Failed && TryAppendName(record.Message, record.DataEnd, ref at, ref text, "."u8);
    }

    /// <summary>
    /// RFC 4034 section 4.1: <c>NSEC next.example.org A NS TXT</c>.
    /// <code>
    /// | next name | windows: | number (1) | length (1), up to 32 | a bit for each type, the first is the greatest | …
    /// </code>
    /// </summary>
    public static bool TryWriteNextName(in ResourceRecord record, ref TextBuilder text)
    {
        int at = record.DataStart;
        text.Append("NSEC "u8);
        if (!TryAppendName(record.Message, record.DataEnd, ref at, ref text, "."u8))
            return false;
        var reader = new PacketReader(record.Message[at..record.DataEnd]);
        while (reader.Remaining >= 2)
        {
            int window = reader.U8() << 8;
            ReadOnlySpan<byte> bits = reader.Take(reader.U8());
            for (int i = 0; i < 8 * Math.Min(bits.Length, 32); i++)
            {
                if ((bits[i >> 3] & (0x80 >> (i & 7))) == 0)
                    continue;
                text.Append(" "u8);
                AppendType((ushort)(window | i), ref text);
            }
        }
        return true;
    }

    /// <summary>RFC 4034 section 5.1: <c>DS 54321 13 2 AABB…</c>; | key tag (2) | algorithm (1) | digest type (1) | digest |.</summary>
    public static bool TryWriteDelegation(in ResourceRecord record, ref TextBuilder text)
    {
        var reader = new PacketReader(record.Data);
        text.Append("DS "u8);
        text.AppendWord(reader.U16());
        text.AppendWord(reader.U8());
        text.AppendWord(reader.U8());
        text.AppendHex(reader.Rest);
        return !reader.Failed && reader.Remaining > 0;
    }

    private static void AppendParameter(ushort key, ReadOnlySpan<byte> value, ref TextBuilder text)
    {
        switch (key)
        {
            case 1:
                text.Append(" alpn="u8);
                var names = new PacketReader(value);
                for (bool first = true; names.Remaining > 0; first = false)
                {
                    ReadOnlySpan<byte> name = names.Take(names.U8());
                    if (!first && !names.Failed)
                        text.Append(","u8);
                    text.Append(name);
                }
                break;
            case 3 when value.Length == 2:
                text.Append(" port="u8);
                text.Append(BinaryPrimitives.ReadUInt16BigEndian(value));
                break;
            case 4:
                text.Append(" ipv4hint="u8);
                AppendAddresses(value, 4, ref text);
                break;
            case 6:
                text.Append(" ipv6hint="u8);
                AppendAddresses(value, 16, ref text);
                break;
        }
    }

    private static void AppendAddresses(ReadOnlySpan<byte> addresses, int size, ref TextBuilder text)
    {
        Span<byte> address = stackalloc byte[16];
        Span<byte> digits = stackalloc byte[IpText.MaxBytes];
        address[10..12].Fill(0xFF);
        for (bool first = true; addresses.Length >= size; first = false)
        {
            addresses[..size].CopyTo(address[(16 - size)..]);
            if (!first)
                text.Append(","u8);
            text.Append(digits[..IpText.Write(address, digits)]);
            addresses = addresses[size..];
        }
    }

    private static void AppendType(ushort type, ref TextBuilder text)
    {
        ReadOnlySpan<byte> name = DnsRegistry.Type(type);
        text.Append(name);
        if (name.IsEmpty)
        {
            text.Append("TYPE"u8);
            text.Append(type);
        }
    }

    private static bool TryAppendName(ReadOnlySpan<byte> message, int end, ref int at, ref TextBuilder text, ReadOnlySpan<byte> root)
    {
        Span<byte> sent = stackalloc byte[DnsName.LongestText];
        if (DnsName.Read(message, end, ref at, sent, out int length) != NameFault.None)
            return false;
        if (length == 0)
        {
            text.Append(root);
            return true;
        }
        Span<byte> readable = stackalloc byte[InternationalName.LongestText];
        text.Append(InternationalName.TryDecode(sent[..length], readable, out int bytes) ? readable[..bytes] : sent[..length]);
        return true;
    }
}
