using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Tls;

/// <summary>Version numbers of TLS and DTLS, and how they are called.</summary>
internal static class TlsVersions
{
    public const ushort Tls12 = 0x0303;
    public const ushort Tls13 = 0x0304;
    public const ushort Dtls12 = 0xFEFD;
    public const ushort FirstDraft = 0x7F00;
    public const ushort LastDraft = 0x7FFF;

    /// <summary>Adds a version by its name.</summary>
    public static void AddTo(SpiFields fields, SpiField field, ushort version)
    {
        ReadOnlySpan<byte> name = version switch
        {
            0x0100 => "SSLv1"u8,
            0x0200 => "SSLv2"u8,
            0x0300 => "SSLv3"u8,
            0x0301 => "TLSv1"u8,
            0x0302 => "TLSv1.1"u8,
            Tls12 => "TLSv1.2"u8,
            Tls13 => "TLSv1.3"u8,
            0xFEFF => "DTLSv1"u8,
            Dtls12 => "DTLSv1.2"u8,
            0xFEFC => "DTLSv1.3"u8,
            _ => default,
        };
        if (name.Length > 0)
            fields.Add(field, name);
        else if (version is >= FirstDraft and <= LastDraft)
            AddDraft(fields, field, version & 0xFF);
        else
            AddNumber(fields, field, version);
    }

    /// <summary>Adds a number that has no name as 0x and four digits.</summary>
    public static void AddNumber(SpiFields fields, SpiField field, ushort number)
    {
        Span<byte> text = stackalloc byte[6];
        "0x"u8.CopyTo(text);
        Hex.Write([(byte)(number >> 8), (byte)number], text[2..]);
        fields.Add(field, text);
    }

    /// <summary>The two characters that JA4 has for a version.</summary>
    public static ReadOnlySpan<byte> Ja4Of(ushort version) =>
        version switch
        {
            0x0002 or 0x0200 => "s2"u8,
            0x0100 => "s1"u8,
            0x0300 => "s3"u8,
            0x0301 => "10"u8,
            0x0302 => "11"u8,
            Tls12 => "12"u8,
            Tls13 => "13"u8,
            0xFEFF => "d1"u8,
            Dtls12 => "d2"u8,
            0xFEFC => "d3"u8,
            _ => "00"u8,
        };

    private static void AddDraft(SpiFields fields, SpiField field, int draft)
    {
        Span<byte> text = stackalloc byte[20];
        "TLSv1.3-draft-"u8.CopyTo(text);
        int length = "TLSv1.3-draft-"u8.Length;
        draft.TryFormat(text[length..], out int digits, "D2");
        fields.Add(field, text[..(length + digits)]);
    }
}
