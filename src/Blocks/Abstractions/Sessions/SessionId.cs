using System.Runtime.CompilerServices;
using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>What a session's key is made of besides addresses, ports and protocol (Arkime's <c>sessionIdTracking</c>).</summary>
/// <param name="Vlan">The two outer VLAN ids are part of the key.</param>
/// <param name="Vni">The virtual network identifier is part of the key.</param>
/// <param name="TunnelDepth">The number of tunnels is part of the key (Suricata's recursion level).</param>
/// <param name="Salt">Random for each run, against flooding of one bucket: nothing may depend on its value.</param>
/// <param name="OuterVlanOnly">Of the VLAN ids only the first is part of the key, as in Arkime.</param>
public readonly record struct Tracking(bool Vlan, bool Vni, bool TunnelDepth, ulong Salt, bool OuterVlanOnly = false);

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

    /// <summary>Words of a key without IPv6 addresses.</summary>
    public const int ShortCount = 3;

    /// <summary>The words; those from <see cref="Count"/> on mean nothing.</summary>
    public SessionIdWords Words;

    /// <summary>How many words there are: <see cref="ShortCount"/> or <see cref="MaxWords"/>.</summary>
    public byte Count;

    /// <summary>A salted hash over all words.</summary>
    public readonly ulong Hash(ulong salt)
    {
        // Both factors are salted: whoever knew one could make them zero, and all keys with it equal.
        ulong second = System.Numerics.BitOperations.RotateLeft(salt, 32) * 0x9E3779B97F4A7C15;
        ulong hash = Mix(Words[1] ^ salt, Words[2] ^ second);
        if (Count > ShortCount)
            hash = Mix(hash ^ Mix(Words[3] ^ second, Words[4] ^ salt), Words[5] ^ second);
        return Mix(hash ^ Words[0] ^ second, 0xA0761D6478BD642F);
    }

    private static ulong Mix(ulong left, ulong right)
    {
        ulong high = Math.BigMul(left, right, out ulong low);
        return high ^ low;
    }

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public readonly bool Equals(SessionId other) => Equals(in other);

    /// <summary>Whether two keys are the same.</summary>
    [MethodImpl(HotPath.Options)]
    public readonly bool Equals(in SessionId other) =>
        Words[1] == other.Words[1]
        && Words[2] == other.Words[2]
        && Words[0] == other.Words[0]
        && Count == other.Count
        && (Count == ShortCount || (Words[3] == other.Words[3] && Words[4] == other.Words[4] && Words[5] == other.Words[5]));

    /// <inheritdoc/>
    [MethodImpl(HotPath.Options)]
    public override readonly bool Equals(object? obj) => obj is SessionId other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => (int)Hash(0);

    /// <summary>Whether two keys are the same.</summary>
    public static bool operator ==(SessionId left, SessionId right) => left.Equals(right);

    /// <summary>Whether two keys differ.</summary>
    public static bool operator !=(SessionId left, SessionId right) => !left.Equals(right);
}
