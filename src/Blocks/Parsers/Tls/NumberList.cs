namespace FlowPipe.Parsers.Tls;

/// <summary>Numbers of a hello in the order in which they were said, as many as fit.</summary>
internal sealed class NumberList(int capacity)
{
    private readonly ushort[] _values = new ushort[capacity];
    private int _count;

    public Span<ushort> Values => _values.AsSpan(0, _count);

    public int Count => _count;

    /// <summary>Whether some did not fit.</summary>
    public bool IsFull { get; private set; }

    public void Clear()
    {
        _count = 0;
        IsFull = false;
    }

    public void Add(ushort value)
    {
        if (_count == _values.Length)
            IsFull = true;
        else
            _values[_count++] = value;
    }
}
