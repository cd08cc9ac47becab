using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>The messages of a UDP session of DHCP's ports; a datagram that is none is passed over.</summary>
internal sealed class DhcpParser(DhcpFields fields) : SessionParser
{
    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (Dhcp4Message.IsOne(data.Bytes))
        {
            session.AddProtocol("dhcp"u8);
            Dhcp4Message.Read(session.Fields, fields, data.Bytes);
        }
        else if (IsPort6(session.SourcePort) && IsPort6(session.DestinationPort) && Dhcp6Message.IsOne(data.Bytes))
        {
            session.AddProtocol("dhcpv6"u8);
            Dhcp6Message.Read(session.Fields, fields, data.Bytes);
        }
        return Parsed.KeepGoing;
    }

    private static bool IsPort6(ushort port) => port is 546 or 547;
}
