using System.Runtime.InteropServices;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>Entries that are read and not acknowledged, in order; acknowledged in any order. Not safe for several threads.</summary>
internal sealed class SpoolWindow
{
    private const int CompactAt = 1024;
    private readonly List<(long Sequence, bool IsDone)> _entries = [];
    private int _head;

    public bool IsEmpty => Open == 0;

    /// <summary>Entries that are open.</summary>
    public int Open { get; private set; }

    /// <summary>Entries from the first one that is open on.</summary>
    public int Span => _entries.Count - _head;

    /// <summary>The first one that is open; null when none is.</summary>
    public long? First => _head < _entries.Count ? _entries[_head].Sequence : null;

    /// <summary>An entry is on its way; its number is higher than those before.</summary>
    public void Add(long sequence)
    {
        _entries.Add((sequence, false));
        Open++;
    }

    /// <summary>It has come to its end.</summary>
    public void Remove(long sequence)
    {
        Span<(long Sequence, bool IsDone)> open = CollectionsMarshal.AsSpan(_entries)[_head..];
        int low = 0;
        int high = open.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (open[middle].Sequence < sequence)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == open.Length || open[low].Sequence != sequence || open[low].IsDone)
            return;
        open[low].IsDone = true;
        Open--;
        while (_head < _entries.Count && _entries[_head].IsDone)
            _head++;
        if (_head == _entries.Count)
        {
            _entries.Clear();
            _head = 0;
        }
        else if (_head >= CompactAt)
        {
            _entries.RemoveRange(0, _head);
            _head = 0;
        }
    }
}
