namespace FlowPipe.Core.Sessions;

/// <summary>
/// One partition's sessions that are not in use. New ones are made in blocks (Suricata's spare queue); a session comes back cleared, once its
/// record has been made, and more than a block beyond what half of the sessions in use would need is left to the collector.
/// </summary>
internal sealed class SessionPool(CoreFields fields, BytePool bytes)
{
    private const int BlockSize = 128;
    private readonly Stack<FlowSession> _spare = new();

    /// <summary>Sessions ready for use.</summary>
    public int Spare => _spare.Count;

    /// <summary>Sessions taken.</summary>
    public int InUse { get; private set; }

    /// <summary>Sessions returned so far.</summary>
    public long Recycled { get; private set; }

    public FlowSession Take()
    {
        if (_spare.Count == 0)
        {
            for (int i = 0; i < BlockSize; i++)
                _spare.Push(new FlowSession(fields));
        }
        InUse++;
        return _spare.Pop();
    }

    public void Return(FlowSession session)
    {
        session.Clear(bytes);
        InUse--;
        Recycled++;
        if (_spare.Count < Math.Max(8 * BlockSize, InUse / 2))
            _spare.Push(session);
    }
}
