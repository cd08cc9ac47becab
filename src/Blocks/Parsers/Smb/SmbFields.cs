using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Smb;

/// <summary>Handles of SMB's fields.</summary>
internal sealed class SmbFields(IRegistrar registrar)
{
    public SpiField Share { get; } = registrar.Field("smb.share");
    public SpiField FileName { get; } = registrar.Field("smb.fn");
    public SpiField Os { get; } = registrar.Field("smb.os");
    public SpiField Domain { get; } = registrar.Field("smb.domain");
    public SpiField Version { get; } = registrar.Field("smb.ver");
    public SpiField Dialect { get; } = registrar.Field("smb.dialect");
    public SpiField User { get; } = registrar.Field("smb.user");
    public SpiField Host { get; } = registrar.Field("host.smb");
}
