namespace FlowPipe.Schemas;

/// <summary>The entries of a store or of a record in it, in the order in which they came.</summary>
internal ref struct SpiEntries(ReadOnlySpan<byte> arena, int start)
{
    private readonly ReadOnlySpan<byte> _arena = arena;
    private int _current = -1;
    private int _next = start;

    public readonly SpiEntry Current => new(_arena, _current);

    /// <summary>Where the current entry begins.</summary>
    public readonly int Place => _current;

    public readonly SpiEntries GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_next >= _arena.Length)
            return false;
        _current = _next;
        _next = SpiEntry.Skip(_arena, _current, out _, out _);
        return true;
    }
}
