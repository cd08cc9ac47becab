namespace FlowPipe.Core.Reading;

/// <summary>
/// Link types of capture files, as tcpdump.org's registry numbers them. A file holds a <c>LINKTYPE_</c> value, but what wrote it may have put its own
/// system's <c>DLT_</c> value there; those that no <c>LINKTYPE_</c> of the same number contradicts are mapped.
/// </summary>
internal static class LinkTypes
{
    private const ushort AtmRfc1483 = 100;
    private const ushort Raw = 101;
    private const ushort SlipBsdOs = 102;
    private const ushort PppBsdOs = 103;
    private const ushort CiscoHdlc = 104;
    private const ushort AtmClip = 106;

    /// <summary>The registry's number of what stands in a file.</summary>
    public static ushort Canonical(ushort linkType) =>
        linkType switch
        {
            11 => AtmRfc1483, // DLT_ATM_RFC1483
            12 or 14 => Raw, // DLT_RAW, of most systems and of OpenBSD
            15 => SlipBsdOs, // DLT_SLIP_BSDOS
            16 => PppBsdOs, // DLT_PPP_BSDOS
            19 => AtmClip, // DLT_ATM_CLIP, Linux
            112 => CiscoHdlc, // a second number that libpcap gave to Cisco HDLC
            _ => linkType,
        };

    /// <summary>The number by which this system's libpcap knows a link type of the registry.</summary>
    public static ushort ToDlt(ushort linkType) =>
        linkType switch
        {
            AtmRfc1483 => 11,
            Raw => 12,
            SlipBsdOs => 15,
            PppBsdOs => 16,
            AtmClip => 19,
            _ => linkType,
        };
}
