using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>Which digest.</summary>
public enum BodyHashKind : byte
{
    /// <summary>MD5 (RFC 1321), 32 digits.</summary>
    Md5,

    /// <summary>SHA-1 (RFC 3174), 40 digits.</summary>
    Sha1,

    /// <summary>SHA-256 (FIPS 180-4), 64 digits.</summary>
    Sha256,
}

/// <summary>
/// A digest of a body that comes in pieces. Belongs to one parser, which is pooled; what it needs of the system is made at the first byte and
/// used again for the next body.
/// </summary>
/// <param name="kind">Which digest.</param>
public sealed class BodyHash(BodyHashKind kind)
{
    private Md5 _md5 = new();
    private RunningHash? _system; // but for MD5, which is our own

    /// <summary>Bytes hashed of the body in hand.</summary>
    public long Length { get; private set; }

    /// <summary>Hashes a piece.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
            return;
        if (kind == BodyHashKind.Md5)
            _md5.Append(bytes);
        else
            (_system ??= new RunningHash(kind)).Append(bytes);
        Length += bytes.Length;
    }

    /// <summary>Ends the body: adds its digest in hexadecimal digits, unless there was no byte; ready for the next.</summary>
    /// <returns>Whether the field took it.</returns>
    public bool AddTo(SpiFields fields, SpiField field)
    {
        Span<byte> digits = stackalloc byte[64];
        int length = Finish(digits);
        return length > 0 && fields.Add(field, digits[..length]);
    }

    /// <summary>Ends the body: writes its digest in hexadecimal digits; ready for the next.</summary>
    /// <param name="digits">Room for 64.</param>
    /// <returns>Digits written; 0 when there was no byte.</returns>
    public int Finish(Span<byte> digits)
    {
        if (Length == 0)
            return 0;
        Span<byte> digest = stackalloc byte[32];
        int bytes = FinishDigest(digest);
        return Hex.Write(digest[..bytes], digits);
    }

    /// <summary>Forgets the body in hand; to be called in <see cref="SessionParser.Free"/>.</summary>
    public void Reset()
    {
        if (Length > 0)
            FinishDigest(stackalloc byte[32]);
    }

    /// <summary>Adds the digest of a body that lies whole in memory, in hexadecimal digits; costs less than pieces.</summary>
    /// <returns>Whether the field took it.</returns>
    public static bool AddWhole(SpiFields fields, SpiField field, BodyHashKind kind, ReadOnlySpan<byte> bytes)
    {
        Span<byte> digest = stackalloc byte[32];
        int length = Md5.DigestBytes;
        if (kind == BodyHashKind.Md5)
            Md5.Hash(bytes, digest);
        else if (kind == BodyHashKind.Sha1)
        {
            ShortHash.Sha1(bytes, digest);
            length = ShortHash.Sha1Bytes;
        }
        else
        {
            ShortHash.Sha256(bytes, digest);
            length = ShortHash.Sha256Bytes;
        }
        return fields.AddHex(field, digest[..length]);
    }

    private int FinishDigest(Span<byte> digest)
    {
        Length = 0;
        if (kind != BodyHashKind.Md5)
            return _system!.Finish(digest);
        _md5.Finish(digest);
        return Md5.DigestBytes;
    }
}
