using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>
/// What a Community ID takes for ports (specification version 1, "ICMP"): for a message that has an answer its type and the answer's, so that
/// both directions agree; for any other its type and code, and the flow goes one way.
/// </summary>
internal static class IcmpTypes
{
    public static CommunityPorts PortsOf(ReadOnlySpan<byte> message, bool v6)
    {
        if (message.Length < 2)
            return default;
        byte type = message[0];
        int answer = v6 ? AnswerV6(type) : AnswerV4(type);
        return new CommunityPorts
        {
            IsSet = true,
            OneWay = answer < 0,
            Source = type,
            Destination = (ushort)(answer < 0 ? message[1] : answer),
        };
    }

    private static int AnswerV4(byte type) =>
        type switch
        {
            0 => 8, // echo reply, echo
            8 => 0,
            9 => 10, // router advertisement, solicitation
            10 => 9,
            13 => 14, // timestamp, reply
            14 => 13,
            15 => 16, // information request, reply
            16 => 15,
            17 => 18, // address mask request, reply
            18 => 17,
            _ => -1,
        };

    private static int AnswerV6(byte type) =>
        type switch
        {
            128 => 129, // echo request, reply
            129 => 128,
            130 => 131, // multicast listener query, report
            131 => 130,
            133 => 134, // router solicitation, advertisement
            134 => 133,
            135 => 136, // neighbour solicitation, advertisement
            136 => 135,
            139 => 140, // node information query, response
            140 => 139,
            144 => 145, // home agent address discovery request, reply
            145 => 144,
            _ => -1,
        };
}
