using FlowPipe.Core.Sessions.Records;
using FlowPipe.Core.Sessions.Tcp;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// One partition's sessions that are not in use (Suricata's spare queue). New ones are made in blocks; a session comes back cleared, once its
/// record has been made. What is spare beyond the preallocated ones and an eighth of those in use is left to the collector, bit by bit, so
/// that a flood's memory is given back.
/// </summary>
internal sealed class SessionPool
{
    private const int BlockSize = 128;
    private readonly CoreFields _fields;
    private readonly BytePool _bytes;
    private readonly SourceTable _sources;
    private readonly int _prealloc;
    private readonly Stack<FlowSession> _spare;
    private readonly Stack<TcpBox> _spareTcp = new();

    /// <param name="fields">Handles of the fields.</param>
    /// <param name="bytes">Where sessions' positions are.</param>
    /// <param name="sources">What these name.</param>
    /// <param name="prealloc">Sessions to make at once, and to keep.</param>
    /// <exception cref="OutOfMemoryException">There is not so much memory.</exception>
    public SessionPool(CoreFields fields, BytePool bytes, SourceTable sources, int prealloc = 0)
    {
        _fields = fields;
        _bytes = bytes;
        _sources = sources;
        _prealloc = prealloc;
        _spare = new Stack<FlowSession>(prealloc);
        Make(prealloc);
    }

    /// <summary>Sessions ready for use.</summary>
    public int Spare => _spare.Count;

    /// <summary>Sessions taken.</summary>
    public int InUse { get; private set; }

    /// <summary>Bytes of the sessions in use, without their values and positions.</summary>
    public long InUseBytes { get; private set; }

    /// <summary>Sessions returned so far.</summary>
    public long Recycled { get; private set; }

    /// <summary>Sessions made so far.</summary>
    public long Made { get; private set; }

    /// <summary>Sessions left to the collector so far.</summary>
    public long Trimmed { get; private set; }

    private int Most => Math.Max(Math.Max(8 * BlockSize, _prealloc), InUse / 8);

    public FlowSession Take(bool isTcp)
    {
        if (_spare.Count == 0)
            Make(BlockSize);
        InUse++;
        InUseBytes += FlowSession.BareBytes;
        FlowSession session = _spare.Pop();
        if (isTcp)
        {
            session.LendTcp(_spareTcp.TryPop(out TcpBox? tcp) ? tcp : new TcpBox());
            InUseBytes += TcpBox.Bytes;
        }
        return session;
    }

    public void Return(FlowSession session)
    {
        session.Clear(_bytes, _sources);
        if (session.TakeTcp() is { } tcp)
        {
            InUseBytes -= TcpBox.Bytes;
            if (_spareTcp.Count < Most)
                _spareTcp.Push(tcp);
        }
        InUse--;
        InUseBytes -= FlowSession.BareBytes;
        Recycled++;
        _spare.Push(session);
        // Two at most for one that came, so that what is spare follows what is in use without a pause.
        for (int i = 0; i < 2 && _spare.Count > Most; i++)
        {
            _spare.Pop();
            Trimmed++;
        }
    }

    private void Make(int sessions)
    {
        for (int i = 0; i < sessions; i++)
            _spare.Push(new FlowSession(_fields));
        Made += sessions;
    }
}
