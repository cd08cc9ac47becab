using System.Security.Cryptography;

namespace FlowPipe.Abstractions;

/// <summary>
/// SHA-1 or SHA-256 of a message that comes in pieces; ready for the next when one has ended. Like <see cref="ShortHash"/> it goes straight to
/// OpenSSL's code, so that a run which needs no more than this does not pay for the start of the whole of OpenSSL. For one thread.
/// </summary>
#pragma warning disable CA1001 // What stands in for it on other systems is freed by its finalizer: hashes live as long as parsers, which are pooled
public sealed class RunningHash
#pragma warning restore CA1001
{
    private readonly bool _sha1;
    private readonly byte[] _context = [];
    private readonly byte[] _copy = [];
    private readonly IncrementalHash? _system; // where libcrypto is another

    /// <param name="kind">Which; SHA-1 or SHA-256.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is neither.</exception>
    public RunningHash(BodyHashKind kind)
    {
        if (kind is not (BodyHashKind.Sha1 or BodyHashKind.Sha256))
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "SHA-1 or SHA-256");
        _sha1 = kind == BodyHashKind.Sha1;
        if (LibCrypto.IsThere)
        {
            _context = new byte[LibCrypto.ContextBytes];
            _copy = new byte[LibCrypto.ContextBytes];
            Begin();
        }
        else
            _system = IncrementalHash.CreateHash(_sha1 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256);
    }

    /// <summary>Bytes of the digest: 20 or 32.</summary>
    public int DigestBytes => _sha1 ? ShortHash.Sha1Bytes : ShortHash.Sha256Bytes;

    /// <summary>Hashes a piece.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_system is not null)
            _system.AppendData(bytes);
        else if (_sha1)
            LibCrypto.Check(LibCrypto.Sha1Update(_context, bytes, (nuint)bytes.Length));
        else
            LibCrypto.Check(LibCrypto.Sha256Update(_context, bytes, (nuint)bytes.Length));
    }

    /// <summary>The digest of what came so far; more may follow.</summary>
    /// <param name="digest">Room for <see cref="DigestBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">There is less room.</exception>
    public int Current(Span<byte> digest)
    {
        if (_system is not null)
            return _system.GetCurrentHash(digest);
        _context.CopyTo(_copy, 0);
        return End(_copy, digest);
    }

    /// <summary>Ends the message: its digest.</summary>
    /// <param name="digest">Room for <see cref="DigestBytes"/>.</param>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">There is less room.</exception>
    public int Finish(Span<byte> digest)
    {
        if (_system is not null)
            return _system.GetHashAndReset(digest);
        int length = End(_context, digest);
        Begin();
        return length;
    }

    private void Begin() => LibCrypto.Check(_sha1 ? LibCrypto.Sha1Init(_context) : LibCrypto.Sha256Init(_context));

    private int End(byte[] context, Span<byte> digest)
    {
        ShortHash.CheckRoom(digest, DigestBytes);
        LibCrypto.Check(_sha1 ? LibCrypto.Sha1Final(digest, context) : LibCrypto.Sha256Final(digest, context));
        return DigestBytes;
    }
}
