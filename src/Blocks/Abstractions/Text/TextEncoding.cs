namespace FlowPipe.Abstractions;

/// <summary>How bytes on the wire stand for characters.</summary>
public enum TextEncoding : byte
{
    /// <summary>UTF-8 (RFC 3629); what is not valid becomes U+FFFD.</summary>
    Utf8,

    /// <summary>UTF-8 where it is valid as a whole, else ISO 8859-1: for protocols that never said.</summary>
    Utf8OrLatin1,

    /// <summary>ISO 8859-1: each byte is a character.</summary>
    Latin1,

    /// <summary>UTF-16, least significant byte first (RFC 2781), as Windows' protocols have it; lone surrogates become U+FFFD.</summary>
    Utf16LittleEndian,

    /// <summary>UTF-16, most significant byte first, as ASN.1's BMPString has it.</summary>
    Utf16BigEndian,
}
