using System.Net;
using System.Net.Sockets;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>Connections are taken and never answered.</summary>
internal sealed class SilentServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SilentServer() => _listener.Start(backlog: 64);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A port that nobody listens on. Another process may take it later; nothing but a wrong message would come of it.</summary>
    public static int ClosedPort()
    {
        using var server = new SilentServer();
        return server.Port;
    }

    public void Dispose() => _listener.Dispose();
}
