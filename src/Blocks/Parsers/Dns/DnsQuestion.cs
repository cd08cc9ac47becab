using System.Buffers.Binary;

namespace FlowPipe.Parsers.Dns;

/// <summary>
/// The first question of a message (RFC 1035 section 4.1.2), which is what responses are matched to queries by.
/// <code>
/// | name | type (2) | class (2) |
/// </code>
/// In mDNS there may be none, which is the question for the root, and the class's first bit says something else (RFC 6762 section 5.4).
/// </summary>
internal ref struct DnsQuestion
{
    public static ReadOnlySpan<byte> Root => "<root>"u8;

    /// <summary>The name as it was sent; empty for the root.</summary>
    public ReadOnlySpan<byte> Sent;

    /// <summary>The name in lower case, punycode decoded; <see cref="Root"/> for the root.</summary>
    public ReadOnlySpan<byte> Host;

    public ushort Type;

    public ushort Class;

    /// <summary>Where it ends in the message.</summary>
    public int End;

    /// <summary>Reads it.</summary>
    /// <param name="message">A message with a whole header.</param>
    /// <param name="isMulticast">Whether it is mDNS.</param>
    /// <param name="sent">Room for a name, <see cref="DnsName.LongestText"/>.</param>
    /// <param name="host">Room for a name, <see cref="InternationalName.LongestText"/>.</param>
    /// <param name="question">What it is.</param>
    public static QuestionFault Read(
        ReadOnlySpan<byte> message,
        bool isMulticast,
        Span<byte> sent,
        Span<byte> host,
        out DnsQuestion question
    )
    {
        question = default;
        question.Host = Root;
        int at = DnsHeader.Length;
        if (new DnsHeader(message).Questions == 0)
        {
            question.End = at;
            return QuestionFault.None;
        }
        NameFault fault = DnsName.Read(message, message.Length, ref at, sent, out int length);
        if (fault != NameFault.None)
            return fault == NameFault.PointerLoop ? QuestionFault.PointerLoop : QuestionFault.Malformed;
        question.Sent = sent[..length];
        if (length > 0)
        {
            if (!InternationalName.TryDecode(question.Sent, host, out length))
                return QuestionFault.BadPunycode;
            question.Host = host[..length];
        }
        ReadOnlySpan<byte> rest = message[at..];
        if (rest.Length >= 2)
            question.Type = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length >= 4)
            question.Class = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (isMulticast)
            question.Class &= 0x7FFF;
        question.End = Math.Min(at + 4, message.Length);
        return QuestionFault.None;
    }

    /// <summary>Whether two messages, both with a whole header, are about the same question.</summary>
    public readonly bool IsSame(in DnsQuestion other) => Type == other.Type && Class == other.Class && Host.SequenceEqual(other.Host);

    /// <summary>A hash of what <see cref="IsSame"/> compares, and the message's id.</summary>
    public readonly uint Hash(ushort id)
    {
        // FNV-1a: whoever makes names with equal hashes only lengthens the search in a few thousand messages of his own.
        uint hash = 2_166_136_261 ^ id ^ ((uint)Type << 16);
        foreach (byte character in Host)
            hash = (hash ^ character) * 16_777_619;
        return hash;
    }
}

/// <summary>What is wrong with a question.</summary>
internal enum QuestionFault : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The name is none.</summary>
    Malformed,

    /// <summary>The name's pointers lead in a circle.</summary>
    PointerLoop,

    /// <summary>A label that should be punycode is not.</summary>
    BadPunycode,
}
