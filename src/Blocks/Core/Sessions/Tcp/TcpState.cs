using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Tcp;

/// <summary>What is kept of a TCP session: counts of the record being made, and the state of its two streams.</summary>
internal struct TcpState
{
    // -- of the record being made --
    public int Syn;
    public int SynAck;
    public int Ack;
    public int Psh;
    public int Fin;
    public int Rst;
    public int Urg;
    public int Ece;
    public int Cwr;
    public int Ae;
    public int ClientZeroWindow;
    public int ServerZeroWindow;
    public int Gaps; // given up
    public long SynNs; // of the first SYN, 0: none
    public long AckNs; // of the first bare ACK after it, 0: none

    // -- of the session --
    public TcpStream Client;
    public TcpStream Server;
    public HeldSegments? Held; // null when none waits
    public bool HandshakeSeen; // a SYN of either side
    public bool Stopped; // a gap was given up: payload is no longer counted, parsers are told of it
    public uint SynAcknowledged; // by the SYN-ACK seen last
    public bool SynValidated;
    public bool SynAckValidated;
    public bool SynAckFirst; // the SYN-ACK came before the SYN

    /// <summary>The stream of one side.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ref TcpStream this[Side side] => ref side == Side.Client ? ref Client : ref Server;

    public void StartSegment()
    {
        Syn = SynAck = Ack = Psh = Fin = Rst = Urg = Ece = Cwr = Ae = ClientZeroWindow = ServerZeroWindow = 0;
        Gaps = 0;
        SynNs = AckNs = 0;
    }

    /// <summary>Makes it as new; what waited is the store's again.</summary>
    public void Clear(SegmentStore? store)
    {
        if (Held is not null)
            store!.Return(Held);
        this = default;
    }
}

/// <summary>One direction of a TCP session.</summary>
internal struct TcpStream
{
    public uint FirstSequence; // of its first byte of data
    public uint NextSequence; // of the byte that comes next
    public uint InitialSequence;
    public int InitialSequences; // SYNs whose number is not the first one's, plus one
    public uint FinSequence; // of its FIN, once one was seen: where the stream ends
    public int Missing; // bytes never seen or not kept, just before NextSequence, that the parsers were not told of yet
    public bool Following; // the first two mean something
    public bool SynSeen; // InitialSequence means something
    public bool Fin;
    public bool FinAcked;
    public bool FinSeen; // FinSequence means something
    public bool TaggedOutOfOrder;
    public bool TaggedUnseen;
}
