using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// Community ID, version 1 (github.com/corelight/community-id-spec): <c>1:</c> and the base64 of SHA-1 over
/// <code>
/// seed (2) | address (4 or 16) | address | IP protocol (1) | 00 | port (2) | port (2)
/// </code>
/// with the lesser end first; ports only where the protocol has them, ICMP's type and code standing for them.
/// </summary>
internal static class CommunityId
{
    /// <summary>Characters of an id.</summary>
    public const int Length = 30;

    /// <summary>Writes the id of a session that has addresses.</summary>
    /// <param name="session">The session.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="asArkime">Whether to repeat Arkime's errors: ESP has two ports there, both 0, and one-way ICMP is put in order.</param>
    /// <param name="destination">Where it goes.</param>
    public static void Write(Session session, ushort seed, bool asArkime, Span<byte> destination)
    {
        bool hasPorts =
            (asArkime && session.Protocol.Type == SessionType.Esp)
            || session.Protocol.Type is SessionType.Tcp or SessionType.Udp or SessionType.Sctp
            || session.Community.IsSet;
        ushort sourcePort = session.Community.IsSet ? session.Community.Source : session.SourcePort;
        ushort destinationPort = session.Community.IsSet ? session.Community.Destination : session.DestinationPort;
        bool swap =
            (asArkime || !session.Community.OneWay)
            && (session.SourceIp > session.DestinationIp || (session.SourceIp == session.DestinationIp && sourcePort > destinationPort));

        Span<byte> input = stackalloc byte[2 + 16 + 16 + 1 + 1 + 2 + 2];
        BinaryPrimitives.WriteUInt16BigEndian(input, seed);
        int length = 2;
        length += (swap ? session.DestinationIp : session.SourceIp).Write(input[length..]);
        length += (swap ? session.SourceIp : session.DestinationIp).Write(input[length..]);
        input[length++] = session.IpProtocol;
        input[length++] = 0;
        if (hasPorts)
        {
            BinaryPrimitives.WriteUInt16BigEndian(input[length..], swap ? destinationPort : sourcePort);
            BinaryPrimitives.WriteUInt16BigEndian(input[(length + 2)..], swap ? sourcePort : destinationPort);
            length += 4;
        }
        Span<byte> digest = stackalloc byte[ShortHash.Sha1Bytes];
        ShortHash.Sha1(input[..length], digest);
        "1:"u8.CopyTo(destination);
        OperationStatus _ = Base64.EncodeToUtf8(digest, destination[2..], out int _, out int _);
    }
}
