namespace FlowPipe.Parsers.Dns;

/// <summary>Names of the numbers in DNS messages (IANA, Domain Name System Parameters).</summary>
internal static class DnsRegistry
{
    /// <summary>Operations above this are unassigned.</summary>
    public const int GreatestOpcode = 5;

    /// <summary>Flags of a header in the order of <see cref="DnsHeader.Flags"/>, the greatest bit first.</summary>
    public static ReadOnlySpan<byte> Flag(int bit) =>
        bit switch
        {
            6 => "AA"u8,
            5 => "TC"u8,
            4 => "RD"u8,
            3 => "RA"u8,
            2 => "Z"u8,
            1 => "AD"u8,
            _ => "CD"u8,
        };

    /// <summary>Operations.</summary>
    public static ReadOnlySpan<byte> Opcode(int opcode) =>
        opcode switch
        {
            0 => "QUERY"u8,
            1 => "IQUERY"u8,
            2 => "STATUS"u8,
            3 => "3"u8,
            4 => "NOTIFY"u8,
            _ => "UPDATE"u8,
        };

    /// <summary>Classes; empty for one without a name.</summary>
    public static ReadOnlySpan<byte> Class(ushort number) =>
        number switch
        {
            1 => "IN"u8,
            2 => "CS"u8,
            3 => "CH"u8,
            4 => "HS"u8,
            255 => "ANY"u8,
            _ => default,
        };

    /// <summary>Response codes, those of EDNS included (RFC 6895 section 2.3); empty for one without a name.</summary>
    public static ReadOnlySpan<byte> ResponseCode(int code) =>
        code switch
        {
            0 => "NOERROR"u8,
            1 => "FORMERR"u8,
            2 => "SERVFAIL"u8,
            3 => "NXDOMAIN"u8,
            4 => "NOTIMPL"u8,
            5 => "REFUSED"u8,
            6 => "YXDOMAIN"u8,
            7 => "YXRRSET"u8,
            8 => "NXRRSET"u8,
            9 => "NOTAUTH"u8,
            10 => "NOTZONE"u8,
            11 => "DSOTYPENI"u8,
            16 => "BADSIG_VERS"u8,
            17 => "BADKEY"u8,
            18 => "BADTIME"u8,
            19 => "BADMODE"u8,
            20 => "BADNAME"u8,
            21 => "BADALG"u8,
            22 => "BADTRUNC"u8,
            23 => "BADCOOKIE"u8,
            _ => default,
        };

    /// <summary>Types of resource records; empty for one without a name.</summary>
    public static ReadOnlySpan<byte> Type(ushort number) => number < 64 ? OldType(number) : NewType(number);

    private static ReadOnlySpan<byte> OldType(ushort number) =>
        number switch
        {
            1 => "A"u8,
            2 => "NS"u8,
            3 => "MD"u8,
            4 => "MF"u8,
            5 => "CNAME"u8,
            6 => "SOA"u8,
            7 => "MB"u8,
            8 => "MG"u8,
            9 => "MR"u8,
            10 => "NULL"u8,
            11 => "WKS"u8,
            12 => "PTR"u8,
            13 => "HINFO"u8,
            14 => "MINFO"u8,
            15 => "MX"u8,
            16 => "TXT"u8,
            17 => "RP"u8,
            18 => "AFSDB"u8,
            19 => "X25"u8,
            20 => "ISDN"u8,
            21 => "RT"u8,
            22 => "NSAP"u8,
            23 => "NSAPPTR"u8,
            24 => "SIG"u8,
            25 => "KEY"u8,
            26 => "PX"u8,
            27 => "GPOS"u8,
            28 => "AAAA"u8,
            29 => "LOC"u8,
            30 => "NXT"u8,
            31 => "EID"u8,
            32 => "NIMLOC"u8,
            33 => "SRV"u8,
            34 => "ATMA"u8,
            35 => "NAPTR"u8,
            36 => "KX"u8,
            37 => "CERT"u8,
            38 => "A6"u8,
            39 => "DNAME"u8,
            40 => "SINK"u8,
            41 => "OPT"u8,
            42 => "APL"u8,
            43 => "DS"u8,
            44 => "SSHFP"u8,
            45 => "IPSECKEY"u8,
            46 => "RRSIG"u8,
            47 => "NSEC"u8,
            48 => "DNSKEY"u8,
            49 => "DHCID"u8,
            50 => "NSEC3"u8,
            51 => "NSEC3PARAM"u8,
            52 => "TLSA"u8,
            53 => "SMIMEA"u8,
            55 => "HIP"u8,
            56 => "NINFO"u8,
            57 => "RKEY"u8,
            58 => "TALINK"u8,
            59 => "CDS"u8,
            60 => "CDNSKEY"u8,
            61 => "OPENPGPKEY"u8,
            62 => "CSYNC"u8,
            63 => "ZONEMD"u8,
            _ => default,
        };

    private static ReadOnlySpan<byte> NewType(ushort number) =>
        number switch
        {
            64 => "SVCB"u8,
            65 => "HTTPS"u8,
            66 => "DSYNC"u8,
            99 => "SPF"u8,
            104 => "NID"u8,
            105 => "L32"u8,
            106 => "L64"u8,
            107 => "LP"u8,
            108 => "EUI48"u8,
            109 => "EUI64"u8,
            249 => "TKEY"u8,
            250 => "TSIG"u8,
            251 => "IXFR"u8,
            252 => "AXFR"u8,
            253 => "MAILB"u8,
            254 => "MAILA"u8,
            255 => "ANY"u8,
            256 => "URI"u8,
            257 => "CAA"u8,
            258 => "AVC"u8,
            260 => "AMTRELAY"u8,
            261 => "RESINFO"u8,
            262 => "WALLET"u8,
            32768 => "TA"u8,
            32769 => "DLV"u8,
            _ => default,
        };
}

/// <summary>Types that are looked into.</summary>
internal static class DnsType
{
    public const ushort A = 1;
    public const ushort Ns = 2;
    public const ushort Cname = 5;
    public const ushort Mx = 15;
    public const ushort Txt = 16;
    public const ushort Aaaa = 28;
    public const ushort Opt = 41;
    public const ushort Ds = 43;
    public const ushort Rrsig = 46;
    public const ushort Nsec = 47;
    public const ushort Svcb = 64;
    public const ushort Https = 65;
    public const ushort Caa = 257;
}
