using System.Runtime.CompilerServices;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>TCP's part of a session, pooled by itself. A millionfold of UDP sessions would carry it for nothing.</summary>
internal sealed class TcpBox
{
    /// <summary>What one takes, for accounts of memory.</summary>
    public static int Bytes { get; } = Unsafe.SizeOf<TcpState>() + 16;

    public TcpState State;
}
