using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// The key of a record's message on Kafka: the Community ID, then <c>;vlan=5</c>, <c>;vlan=5.7</c>, <c>;vni=9</c> where these are part of the
/// session's key; for a session without addresses <c>0:</c> and the base64 of SHA-1 over its key's bytes. Never empty.
/// </summary>
internal static class MessageKey
{
    public static byte[] Of(Session session, ReadOnlySpan<byte> communityId)
    {
        ulong first = session.Id.Words[0];
        var vlan0 = (int)(first >> 16 & 0xFFF);
        var vlan1 = (int)(first >> 28 & 0xFFF);
        var vni = (uint)(first >> 40);
        if (communityId.IsEmpty)
            return WithoutCommunityId(session);
        if (vlan0 == 0 && vni == 0)
            return communityId.ToArray();
        string vlan =
            vlan0 == 0 ? ""
            : vlan1 == 0 ? string.Create(CultureInfo.InvariantCulture, $";vlan={vlan0}")
            : string.Create(CultureInfo.InvariantCulture, $";vlan={vlan0}.{vlan1}");
        string suffix = vni == 0 ? vlan : string.Create(CultureInfo.InvariantCulture, $"{vlan};vni={vni}");
        return [.. communityId, .. Encoding.UTF8.GetBytes(suffix)];
    }

    private static byte[] WithoutCommunityId(Session session)
    {
        Span<byte> key = stackalloc byte[SessionKey.MaxLength];
        int length = SessionKey.Write(session, key);
        Span<byte> digest = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // a short name, not a secret
        SHA1.HashData(key[..length], digest);
#pragma warning restore CA5350
        var result = new byte[CommunityId.Length];
        "0:"u8.CopyTo(result);
        Base64.EncodeToUtf8(digest, result.AsSpan(2), out int _, out int _);
        return result;
    }
}
