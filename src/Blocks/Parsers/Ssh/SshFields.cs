using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Ssh;

/// <summary>The fields of SSH.</summary>
internal sealed class SshFields(IRegistrar registrar)
{
    public readonly SpiField Version = registrar.Field("ssh.ver");
    public readonly SpiField Key = registrar.Field("ssh.key");
    public readonly SpiField Hassh = registrar.Field("ssh.hassh");
    public readonly SpiField HasshServer = registrar.Field("ssh.hasshServer");

    /// <summary>Whether host keys of every kind of exchange are taken.</summary>
    public readonly bool AllKeys = registrar.Setting(
        "sshAllKeys",
        true,
        "Takes host keys from every kind of key exchange; false: from group exchanges only, as Arkime does"
    );
}
