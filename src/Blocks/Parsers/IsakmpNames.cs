using System.Buffers.Binary;

namespace FlowPipe.Parsers;

/// <summary>Names of the numbers in ISAKMP, as Arkime writes them; empty for those that have none.</summary>
internal static class IsakmpNames
{
    /// <summary>Exchange types of version 1 (RFC 2408 section 3.1, RFC 2409).</summary>
    public static ReadOnlySpan<byte> Exchange1(int number) =>
        number switch
        {
            0 => "none"u8,
            1 => "base"u8,
            2 => "identity-protection"u8,
            3 => "authentication-only"u8,
            4 => "aggressive"u8,
            5 => "informational"u8,
            32 => "quick-mode"u8,
            33 => "new-group-mode"u8,
            _ => default,
        };

    /// <summary>Exchange types of version 2 (RFC 7296 section 3.1).</summary>
    public static ReadOnlySpan<byte> Exchange2(int number) =>
        number switch
        {
            34 => "ike-sa-init"u8,
            35 => "ike-auth"u8,
            36 => "create-child-sa"u8,
            37 => "informational"u8,
            _ => default,
        };

    /// <summary>Encryption algorithms of version 1 (IANA, ipsec-registry).</summary>
    public static ReadOnlySpan<byte> Encryption1(int number) =>
        number switch
        {
            1 => "des-cbc"u8,
            2 => "idea-cbc"u8,
            3 => "blowfish-cbc"u8,
            4 => "rc5-r16-b64-cbc"u8,
            5 => "3des-cbc"u8,
            6 => "cast-cbc"u8,
            7 => "aes-cbc"u8,
            8 => "camellia-cbc"u8,
            _ => default,
        };

    /// <summary>Encryption algorithms of version 2 (IANA, ikev2-parameters, transform type 1).</summary>
    public static ReadOnlySpan<byte> Encryption2(int number) =>
        number switch
        {
            1 => "des-iv64"u8,
            2 => "des"u8,
            3 => "3des"u8,
            4 => "rc5"u8,
            5 => "idea"u8,
            6 => "cast"u8,
            7 => "blowfish"u8,
            8 => "3idea"u8,
            9 => "des-iv32"u8,
            11 => "null"u8,
            12 => "aes-cbc"u8,
            13 => "aes-ctr"u8,
            14 => "aes-ccm-8"u8,
            15 => "aes-ccm-12"u8,
            16 => "aes-ccm-16"u8,
            18 => "aes-gcm-8"u8,
            19 => "aes-gcm-12"u8,
            20 => "aes-gcm-16"u8,
            23 => "camellia-cbc"u8,
            24 => "camellia-ctr"u8,
            25 => "camellia-ccm-8"u8,
            26 => "camellia-ccm-12"u8,
            27 => "camellia-ccm-16"u8,
            28 => "chacha20-poly1305"u8,
            _ => default,
        };

    /// <summary>Hash algorithms of version 1.</summary>
    public static ReadOnlySpan<byte> Hash(int number) =>
        number switch
        {
            1 => "md5"u8,
            2 => "sha1"u8,
            3 => "tiger"u8,
            4 => "sha2-256"u8,
            5 => "sha2-384"u8,
            6 => "sha2-512"u8,
            _ => default,
        };

    /// <summary>Pseudo-random functions of version 2.</summary>
    public static ReadOnlySpan<byte> PseudoRandom(int number) =>
        number switch
        {
            1 => "prf-hmac-md5"u8,
            2 => "prf-hmac-sha1"u8,
            3 => "prf-hmac-tiger"u8,
            4 => "prf-aes128-xcbc"u8,
            5 => "prf-hmac-sha2-256"u8,
            6 => "prf-hmac-sha2-384"u8,
            7 => "prf-hmac-sha2-512"u8,
            _ => default,
        };

    /// <summary>Diffie-Hellman groups.</summary>
    public static ReadOnlySpan<byte> Group(int number) =>
        number switch
        {
            1 => "modp768"u8,
            2 => "modp1024"u8,
            5 => "modp1536"u8,
            14 => "modp2048"u8,
            15 => "modp3072"u8,
            16 => "modp4096"u8,
            17 => "modp6144"u8,
            18 => "modp8192"u8,
            19 => "ecp256"u8,
            20 => "ecp384"u8,
            21 => "ecp521"u8,
            22 => "modp1024s160"u8,
            23 => "modp2048s224"u8,
            24 => "modp2048s256"u8,
            25 => "ecp192"u8,
            26 => "ecp224"u8,
            27 => "brainpoolp224"u8,
            28 => "brainpoolp256"u8,
            29 => "brainpoolp384"u8,
            30 => "brainpoolp512"u8,
            31 => "curve25519"u8,
            32 => "curve448"u8,
            _ => default,
        };

    /// <summary>Methods of authentication of version 1.</summary>
    public static ReadOnlySpan<byte> Authentication(int number) =>
        number switch
        {
            1 => "psk"u8,
            2 => "dss-sig"u8,
            3 => "rsa-sig"u8,
            4 or 5 => "rsa-enc"u8,
            64221 => "hybrid-rsa"u8,
            65001 => "xauth-psk"u8,
            65005 => "xauth-rsa"u8,
            _ => default,
        };

    /// <summary>Well-known vendor ids, by their first eight bytes: most are digests of a text that nobody sends.</summary>
    public static ReadOnlySpan<byte> Vendor(ReadOnlySpan<byte> id) =>
        id.Length < sizeof(ulong)
            ? default
            : BinaryPrimitives.ReadUInt64BigEndian(id) switch
            {
                0x4A13_1C81_0703_5845 => "rfc3947-nat-t"u8,
                0x90CB_8091_3EBB_696E => "draft-ietf-nat-t-02"u8,
                0xCD60_4643_35DF_21F8 => "draft-ietf-nat-t-03"u8,
                0x7D94_19A6_5310_CA6F => "draft-ietf-nat-t-rfc"u8,
                0xAFCA_D713_68A1_F1C9 => "dpd"u8,
                0x12F5_F28C_4571_68A9 => "cisco-unity"u8,
                0x0900_2689_DFD6_B712 => "xauth"u8,
                0x1F07_F70E_AA65_14D3 => "cisco-concentrator"u8,
                0x4048_B7D5_6EBC_E885 => "ikev2"u8,
                0x4D53_2D4D_616D_6965 => "ms-ikev2"u8,
                0x1E2B_5169_0599_1C7D => "windows"u8,
                0x4F45_2E48_4A52_414E => "fortigate"u8,
                0x166F_932D_55EB_64D8 => "strongswan"u8,
                0x6993_6922_8741_C6D4 => "openswan"u8,
                0x4F50_454E_5377_616E => "openswan2"u8,
                0xFBF4_7614_9840_31FA => "checkpoint"u8,
                0xF4ED_19E0_C114_EB51 => "checkpoint-ng"u8,
                _ => default,
            };
}
