using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace FlowPipe.Schemas;

/// <summary>
/// Keyed hashes of values: HMAC-SHA-256 (RFC 2104), of which a text keeps the first 128 bits and an address the first 112. The same value
/// has the same hash in every field, so that hashed values can still be joined. Not safe for several threads.
/// </summary>
[SuppressMessage("Reliability", "CA1001", Justification = "It lives as long as its partition, which is as long as the run")]
public sealed class FieldHasher
{
    /// <summary>Characters of a hashed text: 128 bits, hexadecimal.</summary>
    public const int TextLength = 32;

    /// <summary>Bytes of an address.</summary>
    internal const int AddressLength = 16;

    private readonly IncrementalHash _hmac;

    internal FieldHasher(ReadOnlySpan<byte> key) => _hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);

    /// <summary>The whole hash, into its 32 bytes.</summary>
    public void Hash(ReadOnlySpan<byte> value, Span<byte> digest)
    {
        _hmac.AppendData(value);
        _hmac.GetHashAndReset(digest);
    }

    /// <summary>A text's hash as text.</summary>
    public void HashText(ReadOnlySpan<byte> value, Span<byte> destination)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(value, digest);
        for (int i = 0; i < TextLength; i++)
            destination[i] = "0123456789abcdef"u8[digest[i / 2] >> (i % 2 == 0 ? 4 : 0) & 0xF];
    }

    /// <summary>
    /// An address's hash as an address, so that columns of addresses take it. It is a unique local one (RFC 4193), which none on the
    /// Internet is, and says which version the address was of:
    /// <code>
    /// FD 04 | 14 bytes of the hash   IPv4        FD 06 | 14 bytes of the hash   IPv6
    /// </code>
    /// </summary>
    /// <param name="address">16 bytes in network order, IPv4 as IPv4-mapped IPv6.</param>
    /// <param name="destination">Room for 16 bytes; may be where the address is.</param>
    public void HashAddress(ReadOnlySpan<byte> address, Span<byte> destination)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        byte version = IpText.IsIPv4(address) ? (byte)4 : (byte)6;
        Hash(address[..AddressLength], digest);
        destination[0] = 0xFD;
        destination[1] = version;
        digest[..(AddressLength - 2)].CopyTo(destination[2..]);
    }
}
