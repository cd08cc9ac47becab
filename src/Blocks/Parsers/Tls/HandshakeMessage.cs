using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Tls;

/// <summary>Types of handshake messages (RFC 8446 section 4, RFC 5246 section 7.4) that are looked at.</summary>
internal static class HandshakeMessage
{
    public const byte ClientHello = 1;
    public const byte ServerHello = 2;
    public const byte Certificate = 11;
    public const byte ServerHelloDone = 14;

    /// <summary>Type (1) and length (3).</summary>
    public const int HeaderLength = 4;

    /// <summary>Where a server's hello has the random bytes that say "try again" (RFC 8446 section 4.1.3): SHA-256 of "HelloRetryRequest".</summary>
    public static bool IsRetryRequest(ReadOnlySpan<byte> serverHello) =>
        serverHello.Length >= 34 && serverHello.Slice(2, 32).SequenceEqual(RetryRandom);

    /// <summary>
    /// The certificates of a Certificate message up to TLS 1.2: length (3) of all, then length (3) and DER of each. The last one may be cut off.
    /// </summary>
    public static void ParseCertificates(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (session.Sub("cert") is not { } certificate)
            return;
        var reader = new PacketReader(message);
        reader.Skip(3);
        while (reader.Remaining > 3)
        {
            int length = (int)reader.U24();
            certificate.Parse(session, side, reader.Take(Math.Min(length, reader.Remaining)));
        }
    }

    private static ReadOnlySpan<byte> RetryRandom =>
        [
            0xCF,
            0x21,
            0xAD,
            0x74,
            0xE5,
            0x9A,
            0x61,
            0x11,
            0xBE,
            0x1D,
            0x8C,
            0x02,
            0x1E,
            0x65,
            0xB8,
            0x91,
            0xC2,
            0xA2,
            0x11,
            0x16,
            0x7A,
            0xBB,
            0x8C,
            0x5E,
            0x07,
            0x9E,
            0x09,
            0xE2,
            0xC8,
            0xA8,
            0x33,
            0x9C,
        ];
}
