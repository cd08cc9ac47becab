using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Socks;

/// <summary>The fields of SOCKS.</summary>
internal sealed class SocksFields(IRegistrar registrar)
{
    public readonly SpiField Ip = registrar.Field("ip.socks");
    public readonly SpiField Port = registrar.Field("port.socks");
    public readonly SpiField Host = registrar.Field("host.socks");
    public readonly SpiField User = registrar.Field("socks.user");
}
