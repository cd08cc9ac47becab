using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>Where a plugin says what it can do. The tables are frozen before the first packet.</summary>
public partial interface IRegistrar
{
    /// <summary>The handle of a field of the dictionary.</summary>
    /// <exception cref="KeyNotFoundException">There is none of that name.</exception>
    SpiField Field(string name);

    /// <summary>Registers a protocol that makes sessions.</summary>
    /// <returns>Its number, for <see cref="EnqueueContext.ToSession"/>.</returns>
    byte Register(MProtocol protocol);

    /// <summary>Registers a link layer.</summary>
    void Link(int linkType, EnqueueCallback callback);

    /// <summary>Registers what follows an Ethernet type.</summary>
    void Ethernet(ushort etherType, EnqueueCallback callback);

    /// <summary>Registers what follows an LLC service access point (IEEE 802.2), its lowest bit aside; that of SNAP is refused.</summary>
    void Llc(byte sap, EnqueueCallback callback);

    /// <summary>
    /// Registers a tunnel over UDP. The callback gets the offset behind the UDP header, and a frame that ends where the datagram does. Where it
    /// returns <see cref="PacketRc.UnknownIp"/> the datagram is not of this tunnel: all that it set is undone, and UDP makes a session of it.
    /// </summary>
    /// <param name="port">The destination port, 1 to 65535.</param>
    /// <param name="callback">Called for every datagram with this port.</param>
    /// <param name="eitherSide">Whether datagrams that come from the port are of the tunnel too.</param>
    void UdpPort(ushort port, EnqueueCallback callback, bool eitherSide = false);

    /// <summary>Registers what becomes of packets that no layer takes; one plugin may.</summary>
    void Unknown(UnknownCallback callback);

    /// <summary>Registers what follows an IP protocol; TCP and UDP themselves are refused.</summary>
    void Ip(byte ipProtocol, EnqueueCallback callback);
}

/// <summary>A plugin, and equally each of the built-in parsers: a public class with a parameterless constructor.</summary>
public interface IFlowPipePlugin
{
    /// <summary>Its name, for logs.</summary>
    string Name { get; }

    /// <summary>Called once, before the first packet.</summary>
    void Register(IRegistrar registrar);
}
