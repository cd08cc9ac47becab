namespace FlowPipe.Parsers.Tls;

/// <summary>What carries the handshake.</summary>
internal enum Transport : byte
{
    /// <summary>TLS over a stream.</summary>
    Tls,

    /// <summary>DTLS.</summary>
    Dtls,

    /// <summary>QUIC.</summary>
    Quic,
}
