namespace FlowPipe.Abstractions;

/// <summary>Why a record was made.</summary>
public enum EndReason : byte
{
    /// <summary>Nothing came for as long as the protocol's timeout.</summary>
    Timeout,

    /// <summary>Both sides ended the TCP connection.</summary>
    Fin,

    /// <summary>One side reset the TCP connection.</summary>
    Rst,

    /// <summary>The record was full (<c>maxPackets</c>); the session goes on in the next.</summary>
    MaxPackets,

    /// <summary>The record was old (<c>tcpSaveTimeout</c>); the session goes on in the next.</summary>
    Saved,

    /// <summary>Evicted for lack of room.</summary>
    Forced,

    /// <summary>The same addresses and ports began a new connection.</summary>
    Reuse,

    /// <summary>The run ended.</summary>
    Shutdown,
}
