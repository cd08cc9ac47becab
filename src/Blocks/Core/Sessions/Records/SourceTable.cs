using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>One partition's knowledge of the sources whose packets its sessions hold, by number.</summary>
internal sealed class SourceTable
{
    private readonly List<Entry?> _entries = [];
    private int _first; // number of the first that is kept

    /// <summary>Makes a source known, at the first packet of it.</summary>
    public void Add(PacketSource source)
    {
        int place = source.Number - _first;
        while (_entries.Count <= place)
            _entries.Add(null);
        _entries[place] ??= new Entry(Encoding.ASCII.GetBytes(source.Fingerprint), Encoding.UTF8.GetBytes(source.Uri));
    }

    public Entry this[int number] => _entries[number - _first]!;

    /// <summary>Forgets sources of which no packet is held any more: a run may come by as many as it likes.</summary>
    /// <param name="before">The first that is kept.</param>
    public void Forget(int before)
    {
        if (before <= _first)
            return;
        _entries.RemoveRange(0, Math.Min(before - _first, _entries.Count));
        _first = before;
    }

    /// <summary>A source's names, as records have them.</summary>
    public sealed record Entry(byte[] Fingerprint, byte[] Uri);
}
