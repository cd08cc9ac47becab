using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Smb;

/// <summary>Handles of SMB's fields.</summary>
/// <param name="registrar">Who has them.</param>
/// <param name="asArkime">Whether only those tokens are read that Arkime reads: in SMB 1, plain NTLM and answers of SPNEGO.</param>
internal sealed class SmbFields(IRegistrar registrar, bool asArkime)
{
    public bool AsArkime => asArkime;
    public SpiField Share { get; } = registrar.Field("smb.share");
    public SpiField FileName { get; } = registrar.Field("smb.fn");
    public SpiField Os { get; } = registrar.Field("smb.os");
    public SpiField Domain { get; } = registrar.Field("smb.domain");
    public SpiField Version { get; } = registrar.Field("smb.ver");
    public SpiField Dialect { get; } = registrar.Field("smb.dialect");
    public SpiField User { get; } = registrar.Field("smb.user");
    public SpiField Host { get; } = registrar.Field("host.smb");
}
