using System.Buffers.Binary;
using System.Security.Cryptography;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Quic;

/// <summary>
/// Keys of Initial packets (RFC 9001 section 5): everybody who sees the client's first packet can derive them from its destination connection id.
/// The tag of AES-GCM is not verified: wrong keys show by the frames, and an exception for each packet that somebody made up would be dear.
/// </summary>
#pragma warning disable CA1001 // Lives as long as its parser, which is pooled and never disposed of
internal sealed class InitialKeys
#pragma warning restore CA1001
{
    private const int KeyLength = 16;
    private const int IvLength = 12;
    private const int SideLength = KeyLength + IvLength + KeyLength;
    private const int TagLength = 16;
    private const int SampleLength = 16;

    private readonly Aes _aes = Aes.Create();
    private readonly byte[] _keys = new byte[2 * SideLength];
    private readonly byte[] _connectionId = new byte[20];
    private int _connectionIdLength;

    /// <summary>Whether there are keys.</summary>
    public bool Derived { get; private set; }

    /// <summary>The version that they are for.</summary>
    public uint Version { get; private set; }

    public void Clear() => Derived = false;

    /// <summary>Whether these are the keys of this version and connection id.</summary>
    public bool IsOf(uint version, ReadOnlySpan<byte> connectionId) =>
        Derived && version == Version && connectionId.SequenceEqual(_connectionId.AsSpan(0, _connectionIdLength));

    /// <summary>Derives the keys of both sides.</summary>
    /// <returns>False when nobody has published the version's salt.</returns>
    public bool Derive(uint version, ReadOnlySpan<byte> connectionId)
    {
        ReadOnlySpan<byte> saltDigits = QuicVersion.SaltOf(version);
        if (saltDigits.IsEmpty || connectionId.Length > _connectionId.Length)
            return false;
        Span<byte> salt = stackalloc byte[saltDigits.Length / 2];
        for (int i = 0; i < salt.Length; i++)
            salt[i] = (byte)((Hex.Value(saltDigits[2 * i]) << 4) | Hex.Value(saltDigits[(2 * i) + 1]));
        Span<byte> initial = stackalloc byte[SHA256.HashSizeInBytes];
        HKDF.Extract(HashAlgorithmName.SHA256, connectionId, salt, initial);
        bool two = QuicVersion.IsTwo(version);
        DeriveSide(initial, "client in"u8, two, _keys.AsSpan(0, SideLength));
        DeriveSide(initial, "server in"u8, two, _keys.AsSpan(SideLength));
        connectionId.CopyTo(_connectionId);
        _connectionIdLength = connectionId.Length;
        Version = version;
        Derived = true;
        return true;
    }

    /// <summary>Takes the protection off a packet (RFC 9001 sections 5.3 and 5.4).</summary>
    /// <param name="ofClient">Whether the client sent it.</param>
    /// <param name="first">Its first byte.</param>
    /// <param name="body">All from the packet number on.</param>
    /// <param name="largest">The largest packet number seen of this side; −1 for none. Raised to this packet's.</param>
    /// <param name="plain">Room for the body.</param>
    /// <returns>Bytes of frames in <paramref name="plain"/>; −1 when it cannot be a packet of these keys.</returns>
    public int Decrypt(bool ofClient, byte first, ReadOnlySpan<byte> body, ref long largest, Span<byte> plain)
    {
        if (body.Length < 4 + SampleLength)
            return -1;
        ReadOnlySpan<byte> side = _keys.AsSpan(ofClient ? 0 : SideLength, SideLength);
        Span<byte> mask = stackalloc byte[SampleLength];
        _aes.SetKey(side[(KeyLength + IvLength)..]);
        _aes.EncryptEcb(body.Slice(4, SampleLength), mask, PaddingMode.None);
        first ^= (byte)(mask[0] & 0x0F);
        int numberLength = (first & 3) + 1;
        int length = body.Length - numberLength - TagLength;
        if (length <= 0 || length > plain.Length)
            return -1;
        long truncated = 0;
        for (int i = 0; i < numberLength; i++)
            truncated = (truncated << 8) | (uint)(body[i] ^ mask[1 + i]);
        long number = PacketNumber(truncated, 8 * numberLength, largest);
        largest = Math.Max(largest, number);

        Span<byte> counter = stackalloc byte[16];
        side.Slice(KeyLength, IvLength).CopyTo(counter);
        for (int i = 0; i < 8; i++)
            counter[11 - i] ^= (byte)(number >> (8 * i));
        _aes.SetKey(side[..KeyLength]);
        Counter(counter, body.Slice(numberLength, length), plain);
        return length;
    }

    /// <summary>AES-GCM's encryption is AES in counter mode, from 2 on.</summary>
    private void Counter(Span<byte> counter, ReadOnlySpan<byte> data, Span<byte> plain)
    {
        const int Blocks = 32;
        Span<byte> stream = stackalloc byte[16 * Blocks];
        uint next = 2;
        for (int at = 0; at < data.Length; at += stream.Length)
        {
            for (int block = 0; block < Blocks; block++)
            {
                counter[..12].CopyTo(stream[(16 * block)..]);
                BinaryPrimitives.WriteUInt32BigEndian(stream[((16 * block) + 12)..], next++);
            }
            _aes.EncryptEcb(stream, stream, PaddingMode.None);
            int count = Math.Min(stream.Length, data.Length - at);
            for (int i = 0; i < count; i++)
                plain[at + i] = (byte)(data[at + i] ^ stream[i]);
        }
    }

    /// <summary>The whole of a number of which the last bits were sent: the one nearest to what is expected (RFC 9000 appendix A.3).</summary>
    private static long PacketNumber(long truncated, int bits, long largest)
    {
        long expected = largest + 1;
        long window = 1L << bits;
        long candidate = (expected & ~(window - 1)) | truncated;
        if (largest < 0)
            return truncated;
        if (candidate <= expected - (window / 2) && candidate < (1L << 62) - window)
            return candidate + window;
        return candidate > expected + (window / 2) && candidate >= window ? candidate - window : candidate;
    }

    private static void DeriveSide(ReadOnlySpan<byte> initial, ReadOnlySpan<byte> side, bool two, Span<byte> keys)
    {
        Span<byte> secret = stackalloc byte[SHA256.HashSizeInBytes];
        Expand(initial, side, secret);
        Expand(secret, two ? "quicv2 key"u8 : "quic key"u8, keys[..KeyLength]);
        Expand(secret, two ? "quicv2 iv"u8 : "quic iv"u8, keys.Slice(KeyLength, IvLength));
        Expand(secret, two ? "quicv2 hp"u8 : "quic hp"u8, keys[(KeyLength + IvLength)..]);
    }

    /// <summary>HKDF-Expand-Label (RFC 8446 section 7.1): | length (2) | length (1), "tls13 " and label | 00, no context |.</summary>
    private static void Expand(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, Span<byte> output)
    {
        Span<byte> info = stackalloc byte[32];
        ReadOnlySpan<byte> prefix = "tls13 "u8;
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)output.Length);
        info[2] = (byte)(prefix.Length + label.Length);
        prefix.CopyTo(info[3..]);
        label.CopyTo(info[(3 + prefix.Length)..]);
        int length = 3 + prefix.Length + label.Length;
        info[length] = 0;
        HKDF.Expand(HashAlgorithmName.SHA256, secret, output, info[..(length + 1)]);
    }
}
