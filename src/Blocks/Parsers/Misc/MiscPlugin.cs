using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Misc;

/// <summary>
/// Protocols of which nothing but the name is recorded: <see cref="Signatures"/> says what their first bytes are, or which port they use. One
/// that gets a parser of its own leaves that table.
/// </summary>
public sealed class MiscPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "misc";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        foreach (Signature signature in Signatures.ByPrefix)
        {
            byte[] bytes = Encoding.Latin1.GetBytes(signature.Bytes);
            Classifier classify = Naming(signature.Name, signature.Check);
            if ((signature.Over & Over.Tcp) != 0)
                registrar.Tcp(signature.Name, signature.Offset, bytes, classify);
            if ((signature.Over & Over.Udp) != 0)
                registrar.Udp(signature.Name, signature.Offset, bytes, classify);
        }
        foreach (PortSignature signature in Signatures.ByPort)
            registrar.Port(signature.Name, signature.Type, signature.Port, signature.Side, Naming(signature.Name, signature.Check));
    }

    private static Classifier Naming(string name, Check? check)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(name);
        return (session, _, bytes) =>
        {
            if (check is null || check(session, bytes))
                session.AddProtocol(utf8);
        };
    }
}
