namespace FlowPipe.Parsers.Quic;

/// <summary>
/// Versions of QUIC whose first packets can be read, because their keys derive from a published salt: RFC 9001 section 5.2, RFC 9369 section
/// 3.3.1, the drafts of both, and what Google and Facebook made of drafts.
/// </summary>
internal static class QuicVersion
{
    public const uint One = 1;
    public const uint Two = 0x6B3343CF;
    private const uint DraftTwo = 0x709A50C4;
    private const uint FirstDraft = 0xFF000016; // 22
    private const uint LastDraft = 0xFF000022; // 34

    /// <summary>The versions that Arkime reads, and version 2: these two numbers, drafts 28 and 29, and Facebook's of draft 27.</summary>
    public static ReadOnlySpan<uint> Arkimes => [One, Two, 0xFF00001C, 0xFF00001D, 0xFACEB002];

    /// <summary>The salt of a version; empty when it is not known.</summary>
    public static ReadOnlySpan<byte> SaltOf(uint version) =>
        version switch
        {
            One or 0xFF000021 or LastDraft => "38762CF7F55934B34D179AE6A4C80CADCCBB7F0A"u8,
            Two => "0DEDE3DEF700A6DB819381BE6E269DCBF9BD2ED9"u8,
            DraftTwo => "A707C203A59B47184A1D62CA570406EA7AE3E5D3"u8,
            FirstDraft or 0xFACEB001 => "7FBCDB0E7C66BBE9193A96CD21519EBD7A02644A"u8,
            (>= FirstDraft and <= 0xFF00001C) or 0xFACEB002 or 0xFACEB00E => "C3EEF712C72EBB5A11A7D2432BB46365BEF9F502"u8,
            >= FirstDraft and <= LastDraft => "AFBFEC289993D24C9E9786F19C6111E04390A899"u8,
            0x51303530 => "504574EFD066FE2F9D945CFCDBD3A7F0D3B56B45"u8, // Q050
            0x54303530 => "7FF579E5ACD072915580304C43A2367C60488310"u8, // T050
            0x54303531 => "7A4EDEF4E7CCEE5FA4506C19124FC8CCDA6E033D"u8, // T051
            _ => default,
        };

    /// <summary>Whether labels and packet types are those of version 2.</summary>
    public static bool IsTwo(uint version) => version is Two or DraftTwo;

    /// <summary>Whether Google's own CRYPTO frames may be met.</summary>
    public static bool IsGoogles(uint version) => version >> 8 is 0x513035 or 0x543035;

    /// <summary>Whether it is one of those that ask for version negotiation (RFC 9000 section 15).</summary>
    public static bool IsReserved(uint version) => (version & 0x0F0F0F0F) == 0x0A0A0A0A;
}
