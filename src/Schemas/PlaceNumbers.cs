namespace FlowPipe.Schemas;

/// <summary>Gives names numbers from 1 on, in the order in which they first come. Scratch memory: kept.</summary>
internal sealed class PlaceNumbers
{
    private readonly List<int> _ends = [];
    private byte[] _names = new byte[64];

    public void Reset() => _ends.Clear();

    public int Of(ReadOnlySpan<byte> name)
    {
        int start = 0;
        for (int i = 0; i < _ends.Count; i++)
        {
            if (_names.AsSpan(start, _ends[i] - start).SequenceEqual(name))
                return i + 1;
            start = _ends[i];
        }
        int end = start + name.Length;
        if (end > _names.Length)
            Array.Resize(ref _names, Math.Max(end, 2 * _names.Length));
        name.CopyTo(_names.AsSpan(start));
        _ends.Add(end);
        return _ends.Count;
    }
}
