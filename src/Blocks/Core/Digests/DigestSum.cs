using System.Buffers.Binary;
using System.Globalization;

namespace FlowPipe.Core.Digests;

/// <summary>
/// The sum of SHA-256 digests, taken as numbers, modulo 2^256: the same in whatever order they come. Unlike their XOR it changes when a record
/// is there twice, and unlike a sum of shorter numbers nobody can make records to fit.
/// </summary>
public struct DigestSum : IEquatable<DigestSum>
{
    /// <summary>Bytes of a digest, and of a sum.</summary>
    public const int Length = 32;

    // The least significant word first
    private ulong _w0;
    private ulong _w1;
    private ulong _w2;
    private ulong _w3;

    /// <summary>Adds a digest, big-endian.</summary>
    public void Add(ReadOnlySpan<byte> digest) =>
        Add(
            new DigestSum
            {
                _w3 = BinaryPrimitives.ReadUInt64BigEndian(digest),
                _w2 = BinaryPrimitives.ReadUInt64BigEndian(digest[8..]),
                _w1 = BinaryPrimitives.ReadUInt64BigEndian(digest[16..]),
                _w0 = BinaryPrimitives.ReadUInt64BigEndian(digest[24..]),
            }
        );

    /// <summary>Adds another sum.</summary>
    public void Add(in DigestSum other)
    {
        UInt128 sum = (UInt128)_w0 + other._w0;
        _w0 = (ulong)sum;
        sum = (sum >> 64) + _w1 + other._w1;
        _w1 = (ulong)sum;
        sum = (sum >> 64) + _w2 + other._w2;
        _w2 = (ulong)sum;
        sum = (sum >> 64) + _w3 + other._w3;
        _w3 = (ulong)sum;
    }

    /// <summary>The number that <see cref="ToString"/> has written.</summary>
    public static bool TryParse(string? text, out DigestSum sum)
    {
        sum = default;
        return text is { Length: 2 * Length }
            && TryWord(text, 0, out sum._w3)
            && TryWord(text, 16, out sum._w2)
            && TryWord(text, 32, out sum._w1)
            && TryWord(text, 48, out sum._w0);
    }

    /// <summary>64 hexadecimal digits.</summary>
    public override readonly string ToString() => $"{_w3:x16}{_w2:x16}{_w1:x16}{_w0:x16}";

    public readonly bool Equals(DigestSum other) => _w0 == other._w0 && _w1 == other._w1 && _w2 == other._w2 && _w3 == other._w3;

    public override readonly bool Equals(object? obj) => obj is DigestSum other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(_w0, _w1, _w2, _w3);

    public static bool operator ==(DigestSum left, DigestSum right) => left.Equals(right);

    public static bool operator !=(DigestSum left, DigestSum right) => !left.Equals(right);

    private static bool TryWord(string text, int at, out ulong word) =>
        ulong.TryParse(text.AsSpan(at, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out word);
}
