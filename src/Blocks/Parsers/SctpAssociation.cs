using System.Buffers;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers;

/// <summary>What one DATA chunk says (RFC 9260 section 3.3.1).</summary>
internal readonly record struct SctpChunk(byte Flags, uint Tsn, ushort Stream, uint PayloadProtocol)
{
    private const byte EndBit = 1;
    private const byte BeginBit = 2;

    public bool Begins => (Flags & BeginBit) != 0;

    public bool Ends => (Flags & EndBit) != 0;
}

/// <summary>Takes the user messages of an association, whole and in order.</summary>
internal interface ISctpMessages
{
    /// <summary>A message.</summary>
    void Message(ushort stream, uint payloadProtocol, ReadOnlySpan<byte> message);
}

/// <summary>
/// One direction of an SCTP association: puts DATA chunks in the order of their TSNs and the fragments of a message together. TSNs number
/// the chunks of all streams, so their order is also that of each stream. A chunk that comes early is copied and waits, as long as
/// there is room; then what is missing is given up, which also costs the message it belonged to.
/// </summary>
internal sealed class SctpDirection
{
    /// <summary>Chunks that may wait.</summary>
    public const int MaxHeldChunks = 64;

    /// <summary>Bytes that may wait, and bytes of a message in fragments.</summary>
    public const int MaxHeldBytes = 64 * 1024;

    private readonly List<(SctpChunk Chunk, byte[] Bytes, int Length)> _held = []; // by TSN
    private byte[] _message = [];
    private int _messageLength;
    private int _heldBytes;
    private uint _next;
    private bool _started;
    private bool _inMessage;
    private SctpChunk _first;

    /// <summary>Bytes that are kept.</summary>
    public int KeptBytes => _heldBytes + _messageLength;

    /// <summary>Chunks that wait.</summary>
    public int HeldChunks => _held.Count;

    /// <summary>Starts with the TSN that INIT or INIT ACK announces.</summary>
    public void Start(uint tsn)
    {
        Clear();
        _next = tsn;
        _started = true;
    }

    /// <summary>Takes a chunk; hands on all messages that are whole with it.</summary>
    public void Add<TMessages>(in SctpChunk chunk, ReadOnlySpan<byte> data, TMessages messages)
        where TMessages : ISctpMessages, allows ref struct
    {
        if (!_started)
        {
            // The capture begins in the middle of the association.
            _started = true;
            _next = chunk.Tsn;
        }
        int ahead = (int)(chunk.Tsn - _next);
        if (ahead < 0)
            return; // sent again
        if (ahead == 0)
        {
            _next++;
            Take(in chunk, data, messages);
            TakeHeld(messages);
            return;
        }
        Hold(in chunk, data);
        while (_held.Count > MaxHeldChunks || _heldBytes > MaxHeldBytes)
        {
            // What is missing does not come any more.
            _next = _held[0].Chunk.Tsn;
            TakeHeld(messages);
        }
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        foreach ((SctpChunk _, byte[] bytes, int _) in _held)
            ArrayPool<byte>.Shared.Return(bytes);
        _held.Clear();
        _heldBytes = 0;
        DropMessage();
        if (_message.Length > 0)
            ArrayPool<byte>.Shared.Return(_message);
        _message = [];
        _started = false;
    }

    private void Hold(in SctpChunk chunk, ReadOnlySpan<byte> data)
    {
        int at = _held.Count;
        while (at > 0 && (int)(_held[at - 1].Chunk.Tsn - chunk.Tsn) > 0)
            at--;
        if (at > 0 && _held[at - 1].Chunk.Tsn == chunk.Tsn)
            return; // sent again
        byte[] copy = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(copy);
        _held.Insert(at, (chunk, copy, data.Length));
        _heldBytes += data.Length;
    }

    private void TakeHeld<TMessages>(TMessages messages)
        where TMessages : ISctpMessages, allows ref struct
    {
        int taken = 0;
        while (taken < _held.Count && _held[taken].Chunk.Tsn == _next)
        {
            (SctpChunk chunk, byte[] bytes, int length) = _held[taken++];
            _next++;
            _heldBytes -= length;
            Take(in chunk, bytes.AsSpan(0, length), messages);
            ArrayPool<byte>.Shared.Return(bytes);
        }
        _held.RemoveRange(0, taken);
    }

    private void Take<TMessages>(in SctpChunk chunk, ReadOnlySpan<byte> data, TMessages messages)
        where TMessages : ISctpMessages, allows ref struct
    {
        // The fragments of a message have consecutive TSNs; anything else in between means that its rest is lost.
        bool follows = _inMessage && !chunk.Begins && chunk.Tsn == _first.Tsn && chunk.Stream == _first.Stream;
        if (!follows)
            DropMessage();
        if (chunk.Begins && chunk.Ends)
        {
            messages.Message(chunk.Stream, chunk.PayloadProtocol, data);
            return;
        }
        if ((!chunk.Begins && !follows) || _messageLength + data.Length > MaxHeldBytes)
        {
            DropMessage();
            return;
        }
        Append(data);
        if (chunk.Begins)
            _first = chunk;
        _inMessage = true;
        _first = _first with { Tsn = chunk.Tsn + 1 }; // the one that must follow
        if (!chunk.Ends)
            return;
        messages.Message(_first.Stream, _first.PayloadProtocol, _message.AsSpan(0, _messageLength));
        DropMessage();
    }

    private void Append(ReadOnlySpan<byte> data)
    {
        if (_message.Length - _messageLength < data.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_messageLength + data.Length, 2 * _message.Length));
            _message.AsSpan(0, _messageLength).CopyTo(larger);
            if (_message.Length > 0)
                ArrayPool<byte>.Shared.Return(_message);
            _message = larger;
        }
        data.CopyTo(_message.AsSpan(_messageLength));
        _messageLength += data.Length;
    }

    private void DropMessage()
    {
        _inMessage = false;
        _messageLength = 0;
    }
}

/// <summary>Both directions of an SCTP association; the state that SCTP keeps with a session.</summary>
internal sealed class SctpAssociation
{
    private readonly SctpDirection _client = new();
    private readonly SctpDirection _server = new();

    /// <summary>What one side sends.</summary>
    public SctpDirection this[Side side] => side == Side.Client ? _client : _server;

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        _client.Clear();
        _server.Clear();
    }
}
