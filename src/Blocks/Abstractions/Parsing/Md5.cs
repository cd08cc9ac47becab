using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>
/// MD5 (RFC 1321) of bytes that come in pieces. As fast as OpenSSL's on long bodies, and without its cost of some thousand instructions a
/// message, which most bodies are shorter than. A name for what was carried, not a protection.
/// </summary>
internal struct Md5
{
    public const int DigestBytes = 16;
    private const int BlockBytes = 64;
    private const int LengthBytes = sizeof(ulong);

    private uint _a;
    private uint _b;
    private uint _c;
    private uint _d;
    private long _length;
    private Block _pending; // what does not make a block yet

    public Md5() => Reset();

    /// <summary>The digest of a message that lies whole in memory.</summary>
    public static void Hash(ReadOnlySpan<byte> message, Span<byte> digest)
    {
        var md5 = new Md5();
        md5.Append(message);
        md5.Finish(digest);
    }

    /// <summary>Begins a message (section 3.3).</summary>
    public void Reset()
    {
        _a = 0x67452301;
        _b = 0xEFCDAB89;
        _c = 0x98BADCFE;
        _d = 0x10325476;
        _length = 0;
    }

    /// <summary>Takes a piece.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        int pending = (int)(_length % BlockBytes);
        _length += bytes.Length;
        Span<byte> block = _pending;
        if (pending > 0)
        {
            int missing = BlockBytes - pending;
            if (bytes.Length < missing)
            {
                bytes.CopyTo(block[pending..]);
                return;
            }
            bytes[..missing].CopyTo(block[pending..]);
            bytes = bytes[missing..];
            Take(block);
        }
        int whole = bytes.Length - (bytes.Length % BlockBytes);
        Take(bytes[..whole]);
        bytes[whole..].CopyTo(block);
    }

    /// <summary>Ends the message: writes its digest, and is ready for the next.</summary>
    public void Finish(Span<byte> digest)
    {
        Span<byte> block = _pending;
        int pending = (int)(_length % BlockBytes);
        // Padding (3.1, 3.2): a one bit, zeros, the length in bits as 64 bits at the end of a block
        block[pending++] = 0x80;
        block[pending..].Clear();
        if (pending > BlockBytes - LengthBytes)
        {
            Take(block);
            block.Clear();
        }
        BinaryPrimitives.WriteUInt64LittleEndian(block[(BlockBytes - LengthBytes)..], (ulong)_length << 3);
        Take(block);
        BinaryPrimitives.WriteUInt32LittleEndian(digest, _a);
        BinaryPrimitives.WriteUInt32LittleEndian(digest[4..], _b);
        BinaryPrimitives.WriteUInt32LittleEndian(digest[8..], _c);
        BinaryPrimitives.WriteUInt32LittleEndian(digest[12..], _d);
        Reset();
    }

    /// <summary>The four rounds (3.4) over whole blocks, written out: in a loop over tables they take half as long again.</summary>
    [MethodImpl(HotPath.Options)]
    private void Take(ReadOnlySpan<byte> blocks)
    {
        uint a = _a;
        uint b = _b;
        uint c = _c;
        uint d = _d;
        for (; blocks.Length >= BlockBytes; blocks = blocks[BlockBytes..])
        {
            // All that .NET runs on here is little-endian, as the words of MD5 are
            ReadOnlySpan<uint> x = MemoryMarshal.Cast<byte, uint>(blocks[..BlockBytes]);

            a = F(a, b, c, d, x[0] + 0xD76AA478, 7);
            d = F(d, a, b, c, x[1] + 0xE8C7B756, 12);
            c = F(c, d, a, b, x[2] + 0x242070DB, 17);
            b = F(b, c, d, a, x[3] + 0xC1BDCEEE, 22);
            a = F(a, b, c, d, x[4] + 0xF57C0FAF, 7);
            d = F(d, a, b, c, x[5] + 0x4787C62A, 12);
            c = F(c, d, a, b, x[6] + 0xA8304613, 17);
            b = F(b, c, d, a, x[7] + 0xFD469501, 22);
            a = F(a, b, c, d, x[8] + 0x698098D8, 7);
            d = F(d, a, b, c, x[9] + 0x8B44F7AF, 12);
            c = F(c, d, a, b, x[10] + 0xFFFF5BB1, 17);
            b = F(b, c, d, a, x[11] + 0x895CD7BE, 22);
            a = F(a, b, c, d, x[12] + 0x6B901122, 7);
            d = F(d, a, b, c, x[13] + 0xFD987193, 12);
            c = F(c, d, a, b, x[14] + 0xA679438E, 17);
            b = F(b, c, d, a, x[15] + 0x49B40821, 22);

            a = G(a, b, c, d, x[1] + 0xF61E2562, 5);
            d = G(d, a, b, c, x[6] + 0xC040B340, 9);
            c = G(c, d, a, b, x[11] + 0x265E5A51, 14);
            b = G(b, c, d, a, x[0] + 0xE9B6C7AA, 20);
            a = G(a, b, c, d, x[5] + 0xD62F105D, 5);
            d = G(d, a, b, c, x[10] + 0x02441453, 9);
            c = G(c, d, a, b, x[15] + 0xD8A1E681, 14);
            b = G(b, c, d, a, x[4] + 0xE7D3FBC8, 20);
            a = G(a, b, c, d, x[9] + 0x21E1CDE6, 5);
            d = G(d, a, b, c, x[14] + 0xC33707D6, 9);
            c = G(c, d, a, b, x[3] + 0xF4D50D87, 14);
            b = G(b, c, d, a, x[8] + 0x455A14ED, 20);
            a = G(a, b, c, d, x[13] + 0xA9E3E905, 5);
            d = G(d, a, b, c, x[2] + 0xFCEFA3F8, 9);
            c = G(c, d, a, b, x[7] + 0x676F02D9, 14);
            b = G(b, c, d, a, x[12] + 0x8D2A4C8A, 20);

            a = H(a, b, c, d, x[5] + 0xFFFA3942, 4);
            d = H(d, a, b, c, x[8] + 0x8771F681, 11);
            c = H(c, d, a, b, x[11] + 0x6D9D6122, 16);
            b = H(b, c, d, a, x[14] + 0xFDE5380C, 23);
            a = H(a, b, c, d, x[1] + 0xA4BEEA44, 4);
            d = H(d, a, b, c, x[4] + 0x4BDECFA9, 11);
            c = H(c, d, a, b, x[7] + 0xF6BB4B60, 16);
            b = H(b, c, d, a, x[10] + 0xBEBFBC70, 23);
            a = H(a, b, c, d, x[13] + 0x289B7EC6, 4);
            d = H(d, a, b, c, x[0] + 0xEAA127FA, 11);
            c = H(c, d, a, b, x[3] + 0xD4EF3085, 16);
            b = H(b, c, d, a, x[6] + 0x04881D05, 23);
            a = H(a, b, c, d, x[9] + 0xD9D4D039, 4);
            d = H(d, a, b, c, x[12] + 0xE6DB99E5, 11);
            c = H(c, d, a, b, x[15] + 0x1FA27CF8, 16);
            b = H(b, c, d, a, x[2] + 0xC4AC5665, 23);

            a = I(a, b, c, d, x[0] + 0xF4292244, 6);
            d = I(d, a, b, c, x[7] + 0x432AFF97, 10);
            c = I(c, d, a, b, x[14] + 0xAB9423A7, 15);
            b = I(b, c, d, a, x[5] + 0xFC93A039, 21);
            a = I(a, b, c, d, x[12] + 0x655B59C3, 6);
            d = I(d, a, b, c, x[3] + 0x8F0CCC92, 10);
            c = I(c, d, a, b, x[10] + 0xFFEFF47D, 15);
            b = I(b, c, d, a, x[1] + 0x85845DD1, 21);
            a = I(a, b, c, d, x[8] + 0x6FA87E4F, 6);
            d = I(d, a, b, c, x[15] + 0xFE2CE6E0, 10);
            c = I(c, d, a, b, x[6] + 0xA3014314, 15);
            b = I(b, c, d, a, x[13] + 0x4E0811A1, 21);
            a = I(a, b, c, d, x[4] + 0xF7537E82, 6);
            d = I(d, a, b, c, x[11] + 0xBD3AF235, 10);
            c = I(c, d, a, b, x[2] + 0x2AD7D2BB, 15);
            b = I(b, c, d, a, x[9] + 0xEB86D391, 21);

            a = _a += a;
            b = _b += b;
            c = _c += c;
            d = _d += d;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint F(uint a, uint b, uint c, uint d, uint addend, int shift) =>
        b + BitOperations.RotateLeft(a + addend + (((c ^ d) & b) ^ d), shift);

    // The two halves have no bit in common, so that they may be added one after the other: what waits for the step before comes last
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint G(uint a, uint b, uint c, uint d, uint addend, int shift) =>
        b + BitOperations.RotateLeft(a + addend + (c & ~d) + (b & d), shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint H(uint a, uint b, uint c, uint d, uint addend, int shift) =>
        b + BitOperations.RotateLeft(a + addend + (c ^ d ^ b), shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint I(uint a, uint b, uint c, uint d, uint addend, int shift) =>
        b + BitOperations.RotateLeft(a + addend + (c ^ (b | ~d)), shift);

    [InlineArray(BlockBytes)]
    private struct Block
    {
        private byte _first;
    }
}
