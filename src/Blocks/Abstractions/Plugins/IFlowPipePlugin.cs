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
