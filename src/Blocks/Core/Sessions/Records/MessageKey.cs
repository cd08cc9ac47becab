using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// The key of a record's message on Kafka: the Community ID, then <c>;vlan=5</c>, <c>;vlan=5.7</c>, <c>;vni=9</c> where these are part of the
/// session's key; for a session without addresses <c>0:</c> and the base64 of SHA-1 over its key's bytes. Never empty. Where the Community ID
/// must not leave, the keyed hash of all that: the records of a session still have one key.
/// </summary>
internal static class MessageKey
{
    private const int MaxSuffix = 40;

    public static byte[] Of(Session session, ReadOnlySpan<byte> communityId)
    {
        ulong first = session.Id.Words[0];
        var vlan0 = (uint)(first >> 16 & 0xFFF);
        var vlan1 = (uint)(first >> 28 & 0xFFF);
        var vni = (uint)(first >> 40);
        if (communityId.IsEmpty)
            return WithoutCommunityId(session);
        if (vlan0 == 0 && vni == 0)
            return communityId.ToArray();
        Span<byte> key = stackalloc byte[CommunityId.Length + MaxSuffix];
        communityId.CopyTo(key);
        int length = communityId.Length;
        if (vlan0 != 0)
            Append(";vlan="u8, vlan0, key, ref length);
        if (vlan0 != 0 && vlan1 != 0)
            Append("."u8, vlan1, key, ref length);
        if (vni != 0)
            Append(";vni="u8, vni, key, ref length);
        return key[..length].ToArray();
    }

    /// <summary>The key that leaves in place of another.</summary>
    public static byte[] Hidden(byte[] key, FieldHasher keyed)
    {
        byte[] hidden = new byte[FieldHasher.TextLength];
        keyed.HashText(key, hidden);
        return hidden;
    }

    private static void Append(ReadOnlySpan<byte> name, uint value, Span<byte> key, ref int length)
    {
        name.CopyTo(key[length..]);
        length += name.Length;
        Utf8Formatter.TryFormat(value, key[length..], out int written);
        length += written;
    }

    private static byte[] WithoutCommunityId(Session session)
    {
        Span<byte> key = stackalloc byte[SessionKey.MaxLength];
        int length = SessionKey.Write(session, key);
        Span<byte> digest = stackalloc byte[ShortHash.Sha1Bytes];
        ShortHash.Sha1(key[..length], digest);
        var result = new byte[CommunityId.Length];
        "0:"u8.CopyTo(result);
        Base64.EncodeToUtf8(digest, result.AsSpan(2), out int _, out int _);
        return result;
    }
}
