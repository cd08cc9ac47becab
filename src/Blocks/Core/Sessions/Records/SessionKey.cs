using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// The bytes of a session's key, as docs/records.md gives them; part of record ids and of the message keys of what has no Community ID.
/// <code>
/// name of the protocol, UTF-8 | 00 | tunnel depth (1) | VLAN (2) | VLAN (2) | VNI (4) | address and port pairs (8 each)
/// </code>
/// All numbers big-endian; VLANs, VNI and tunnel depth are zero unless <c>sessionIdTracking</c> makes them part of the key.
/// </summary>
internal static class SessionKey
{
    public const int MaxLength = MProtocol.LongestName + 1 + 9 + (8 * (SessionId.MaxWords - 1));

    public static int Write(Session session, Span<byte> destination)
    {
        ReadOnlySpan<byte> name = session.Protocol.NameUtf8;
        name.CopyTo(destination);
        int length = name.Length;
        destination[length++] = 0;
        // Word 0 holds the protocol's number, which depends on the order of registration: its name stands for it.
        ulong first = session.Id.Words[0];
        destination[length++] = (byte)(first >> 8);
        BinaryPrimitives.WriteUInt16BigEndian(destination[length..], (ushort)(first >> 16 & 0xFFF));
        BinaryPrimitives.WriteUInt16BigEndian(destination[(length + 2)..], (ushort)(first >> 28 & 0xFFF));
        BinaryPrimitives.WriteUInt32BigEndian(destination[(length + 4)..], (uint)(first >> 40));
        length += 8;
        for (int i = 1; i < session.Id.Count; i++, length += 8)
            BinaryPrimitives.WriteUInt64BigEndian(destination[length..], session.Id.Words[i]);
        return length;
    }
}
