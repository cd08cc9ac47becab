using System.Runtime.CompilerServices;

namespace FlowPipe.Abstractions;

/// <summary>What a session's key is made of besides addresses, ports and protocol (Arkime's <c>sessionIdTracking</c>).</summary>
/// <param name="Vlan">The two outer VLAN ids are part of the key.</param>
/// <param name="Vni">The virtual network identifier is part of the key.</param>
/// <param name="TunnelDepth">The number of tunnels is part of the key (Suricata's recursion level).</param>
/// <param name="Salt">Random for each run, against flooding of one bucket: nothing may depend on its value.</param>
public readonly record struct Tracking(bool Vlan, bool Vni, bool TunnelDepth, ulong Salt);

/// <summary>Room for the words of a key.</summary>
[InlineArray(SessionId.MaxWords)]
public struct SessionIdWords
{
    private ulong _word;
}

/// <summary>
/// A session's key, the same in both directions: the two (address, port) pairs are ordered together, not apart.
/// Word 0: protocol, tunnel depth, VLANs, VNI. Then addresses and ports: 3 words for IPv4, 6 for IPv6.
/// </summary>
public struct SessionId : IEquatable<SessionId>
{
    /// <summary>Words of the longest key.</summary>
    public const int MaxWords = 6;

    /// <summary>The words; those from <see cref="Count"/> on mean nothing.</summary>
    public SessionIdWords Words;

    /// <summary>How many words there are.</summary>
    public byte Count;

    /// <summary>A salted hash over all words.</summary>
    public readonly ulong Hash(ulong salt)
    {
        ulong hash = salt;
        foreach (ulong word in ((ReadOnlySpan<ulong>)Words)[..Count])
        {
            ulong high = Math.BigMul(hash ^ word, 0xA0761D6478BD642F, out ulong low);
            hash = high ^ low;
        }
        ulong top = Math.BigMul(hash ^ 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3 ^ salt | 1, out ulong bottom);
        return top ^ bottom;
    }

    /// <inheritdoc/>
    public readonly bool Equals(SessionId other) =>
        Count == other.Count && ((ReadOnlySpan<ulong>)Words)[..Count].SequenceEqual(((ReadOnlySpan<ulong>)other.Words)[..Count]);

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is SessionId other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => (int)Hash(0);

    /// <summary>Whether two keys are the same.</summary>
    public static bool operator ==(SessionId left, SessionId right) => left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(SessionId left, SessionId right) => !left.Equals(right);
}
