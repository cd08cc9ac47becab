namespace FlowPipe.Parsers.Magic;

/// <summary>Looks further into a file whose first bytes have matched; empty when it is not that after all.</summary>
internal delegate ReadOnlySpan<byte> Refine(ReadOnlySpan<byte> file);

/// <summary>What files of a type begin with.</summary>
/// <param name="Bytes">The bytes at the file's start.</param>
/// <param name="Type">The MIME type, where the bytes alone say it.</param>
/// <param name="AnyCase">Whether A to Z are the same as a to z.</param>
/// <param name="Look">What says the type else.</param>
internal sealed record Signature(byte[] Bytes, byte[]? Type, bool AnyCase = false, Refine? Look = null)
{
    public ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> file)
    {
        if (file.Length < Bytes.Length)
            return default;
        ReadOnlySpan<byte> start = file[..Bytes.Length];
        if (!(AnyCase ? System.Text.Ascii.EqualsIgnoreCase(start, Bytes) : start.SequenceEqual(Bytes)))
            return default;
        return Look is null ? Type : Look(file);
    }
}

/// <summary>Signatures by a file's first byte, so that a file is compared with those few only that it may be.</summary>
internal sealed class Signatures
{
    private readonly Signature[][] _byFirst = new Signature[256][];

    public Signatures(params ReadOnlySpan<Signature> signatures)
    {
        Array.Fill(_byFirst, []);
        foreach (Signature signature in signatures)
        {
            byte first = signature.Bytes[0];
            Add(first, signature);
            if (signature.AnyCase && char.IsAsciiLetterLower((char)first))
                Add((byte)char.ToUpperInvariant((char)first), signature);
        }
    }

    /// <summary>The type of the first signature that fits; empty when none does.</summary>
    public ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> file)
    {
        foreach (Signature signature in _byFirst[file[0]])
        {
            ReadOnlySpan<byte> type = signature.TypeOf(file);
            if (!type.IsEmpty)
                return type;
        }
        return default;
    }

    public static Signature Is(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> type) => new(bytes.ToArray(), type.ToArray());

    public static Signature IsAnyCase(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> type) =>
        new(bytes.ToArray(), type.ToArray(), AnyCase: true);

    public static Signature May(ReadOnlySpan<byte> bytes, Refine look) => new(bytes.ToArray(), null, AnyCase: false, look);

    public static Signature MayAnyCase(ReadOnlySpan<byte> bytes, Refine look) => new(bytes.ToArray(), null, AnyCase: true, look);

    /// <summary>Whether the file has these bytes at an offset.</summary>
    public static bool Has(ReadOnlySpan<byte> file, int offset, ReadOnlySpan<byte> bytes) =>
        file.Length >= offset + bytes.Length && file.Slice(offset, bytes.Length).SequenceEqual(bytes);

    private void Add(byte first, Signature signature) => _byFirst[first] = [.. _byFirst[first], signature];
}
