namespace FlowPipe.Parsers.Http;

/// <summary>What a request means for the response to it.</summary>
internal enum PendingRequest : byte
{
    Other,

    /// <summary>Its response has no body.</summary>
    Head,

    /// <summary>After its response another protocol begins.</summary>
    Connect,
}

/// <summary>The requests that are not answered yet, in order; of very many, those beyond the first 32 count as <see cref="PendingRequest.Other"/>.</summary>
internal struct PendingRequests
{
    private const int Most = 32;
    private ulong _kinds; // two bits each, the oldest lowest
    private int _count;
    private int _beyond;

    public void Push(PendingRequest kind)
    {
        if (_count == Most)
        {
            _beyond++;
            return;
        }
        _kinds |= (ulong)kind << (2 * _count);
        _count++;
    }

    public PendingRequest Pop()
    {
        if (_count == 0)
            return PendingRequest.Other;
        var kind = (PendingRequest)(_kinds & 3);
        _kinds >>= 2;
        if (_beyond > 0)
            _beyond--;
        else
            _count--;
        return kind;
    }

    /// <summary>Whether the oldest is a CONNECT.</summary>
    public readonly bool IsConnect => _count > 0 && (_kinds & 3) == (ulong)PendingRequest.Connect;
}
