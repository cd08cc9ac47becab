using FlowPipe.Abstractions;
using FlowPipe.Parsers.Socks;

namespace FlowPipe.Parsers;

/// <summary>SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): what a proxy is asked for; what follows is classified in turn.</summary>
public sealed class SocksPlugin : IFlowPipePlugin
{
    private const int ShortestRequest = 9;
    private const int MostMethods = 10;

    /// <inheritdoc/>
    public string Name => "socks";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new SocksFields(registrar);
        ParserKind<Socks4Parser> version4 = registrar.Parser("socks4", () => new Socks4Parser(fields));
        ParserKind<Socks5Parser> version5 = registrar.Parser("socks5", () => new Socks5Parser(fields));
        registrar.Tcp(
            "socks4",
            0,
            [4, 1],
            (session, side, first) =>
            {
                if (first.Length >= ShortestRequest && first[^1] == 0)
                    session.Add(version4)?.Begin(side);
            }
        );
        registrar.Tcp(
            "socks5",
            0,
            [5],
            (session, side, first) =>
            {
                if (first.Length == 2 + first[1] && first[1] is > 0 and <= MostMethods && first[2] <= 3)
                    session.Add(version5)?.Begin(side);
            }
        );
    }
}
