using System.Text;

namespace FlowPipe.Parsers.Certificates;

/// <summary>Object identifiers of public keys by the short names that OpenSSL has for them, as Arkime shows them.</summary>
internal static class PublicKeyNames
{
    /// <summary>The longest object identifier of a curve that is taken, in bytes.</summary>
    public const int LongestCurve = 12;

    private const string AlgorithmLines = """
        1.2.840.113549.1.1.1 rsaEncryption
        1.2.840.113549.1.1.7 RSAES-OAEP
        1.2.840.113549.1.1.10 RSASSA-PSS
        1.2.840.113549.1.3.1 dhKeyAgreement
        1.2.840.10040.4.1 DSA
        1.2.840.10045.2.1 id-ecPublicKey
        1.2.840.10046.2.1 dhpublicnumber
        1.3.14.3.2.12 DSA-old
        1.3.101.110 X25519
        1.3.101.111 X448
        1.3.101.112 ED25519
        1.3.101.113 ED448
        1.2.643.2.2.19 gost2001
        1.2.643.2.2.20 gost94
        1.2.643.7.1.1.1.1 gost2012_256
        1.2.643.7.1.1.1.2 gost2012_512
        1.2.156.10197.1.301 SM2
        2.5.8.1.1 RSA
        """;

    // ANSI X9.62, SEC 2, Brainpool (RFC 5639)
    private const string CurveLines = """
        1.2.840.10045.3.1.1 prime192v1
        1.2.840.10045.3.1.2 prime192v2
        1.2.840.10045.3.1.3 prime192v3
        1.2.840.10045.3.1.4 prime239v1
        1.2.840.10045.3.1.5 prime239v2
        1.2.840.10045.3.1.6 prime239v3
        1.2.840.10045.3.1.7 prime256v1
        1.2.156.10197.1.301 SM2
        1.3.132.0.1 sect163k1
        1.3.132.0.2 sect163r1
        1.3.132.0.3 sect239k1
        1.3.132.0.4 sect113r1
        1.3.132.0.5 sect113r2
        1.3.132.0.6 secp112r1
        1.3.132.0.7 secp112r2
        1.3.132.0.8 secp160r1
        1.3.132.0.9 secp160k1
        1.3.132.0.10 secp256k1
        1.3.132.0.15 sect163r2
        1.3.132.0.16 sect283k1
        1.3.132.0.17 sect283r1
        1.3.132.0.22 sect131r1
        1.3.132.0.23 sect131r2
        1.3.132.0.24 sect193r1
        1.3.132.0.25 sect193r2
        1.3.132.0.26 sect233k1
        1.3.132.0.27 sect233r1
        1.3.132.0.28 secp128r1
        1.3.132.0.29 secp128r2
        1.3.132.0.30 secp160r2
        1.3.132.0.31 secp192k1
        1.3.132.0.32 secp224k1
        1.3.132.0.33 secp224r1
        1.3.132.0.34 secp384r1
        1.3.132.0.35 secp521r1
        1.3.132.0.36 sect409k1
        1.3.132.0.37 sect409r1
        1.3.132.0.38 sect571k1
        1.3.132.0.39 sect571r1
        1.3.36.3.3.2.8.1.1.1 brainpoolP160r1
        1.3.36.3.3.2.8.1.1.2 brainpoolP160t1
        1.3.36.3.3.2.8.1.1.3 brainpoolP192r1
        1.3.36.3.3.2.8.1.1.4 brainpoolP192t1
        1.3.36.3.3.2.8.1.1.5 brainpoolP224r1
        1.3.36.3.3.2.8.1.1.6 brainpoolP224t1
        1.3.36.3.3.2.8.1.1.7 brainpoolP256r1
        1.3.36.3.3.2.8.1.1.8 brainpoolP256t1
        1.3.36.3.3.2.8.1.1.9 brainpoolP320r1
        1.3.36.3.3.2.8.1.1.10 brainpoolP320t1
        1.3.36.3.3.2.8.1.1.11 brainpoolP384r1
        1.3.36.3.3.2.8.1.1.12 brainpoolP384t1
        1.3.36.3.3.2.8.1.1.13 brainpoolP512r1
        1.3.36.3.3.2.8.1.1.14 brainpoolP512t1
        """;

    private static readonly (byte[] Oid, byte[] Name)[] Algorithms = Read(AlgorithmLines);
    private static readonly (byte[] Oid, byte[] Name)[] Curves = Read(CurveLines);

    /// <summary>The algorithm whose parameters are a curve (RFC 5480).</summary>
    public static ReadOnlySpan<byte> EllipticCurve => "1.2.840.10045.2.1"u8;

    /// <summary>The algorithm's name; <c>unknown</c> when it is not listed.</summary>
    public static ReadOnlySpan<byte> AlgorithmOf(ReadOnlySpan<byte> oid) => Find(Algorithms, oid);

    /// <summary>The curve's name; <c>unknown</c> when it is not listed.</summary>
    public static ReadOnlySpan<byte> CurveOf(ReadOnlySpan<byte> oid) => Find(Curves, oid);

    private static ReadOnlySpan<byte> Find((byte[] Oid, byte[] Name)[] table, ReadOnlySpan<byte> oid)
    {
        foreach ((byte[] known, byte[] name) in table)
        {
            if (oid.SequenceEqual(known))
                return name;
        }
        return "unknown"u8;
    }

    private static (byte[] Oid, byte[] Name)[] Read(string lines)
    {
        string[] split = lines.Split('\n');
        var table = new (byte[] Oid, byte[] Name)[split.Length];
        for (int i = 0; i < split.Length; i++)
        {
            int space = split[i].IndexOf(' ', StringComparison.Ordinal);
            table[i] = (Encoding.ASCII.GetBytes(split[i][..space]), Encoding.ASCII.GetBytes(split[i][(space + 1)..]));
        }
        return table;
    }
}
