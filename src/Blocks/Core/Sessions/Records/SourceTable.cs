using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>
/// One partition's knowledge of the sources whose packets its records name, by number. A source is known as long as a record being made holds it:
/// a sensor that runs for months writes files without end.
/// </summary>
internal sealed class SourceTable
{
    private readonly Dictionary<int, Entry> _entries = [];
    private int _newest = -1; // held by the table itself: sessions that come one after the other must not each make it anew

    /// <summary>Sources that are held.</summary>
    public int Count => _entries.Count;

    /// <summary>A record being made has packets of it from now on.</summary>
    public void Hold(PacketSource source)
    {
        if (!_entries.TryGetValue(source.Number, out Entry? entry))
        {
            entry = new Entry(source.FingerprintUtf8.ToArray(), Encoding.UTF8.GetBytes(source.Uri)) { Holders = 1 };
            _entries.Add(source.Number, entry);
            if (_newest >= 0)
                Release(_newest);
            _newest = source.Number;
        }
        entry.Holders++;
    }

    /// <summary>A record that held it has been made.</summary>
    public void Release(int number)
    {
        if (--_entries[number].Holders == 0)
            _entries.Remove(number);
    }

    public Entry this[int number] => _entries[number];

    /// <summary>A source's names, as records have them.</summary>
    public sealed record Entry(byte[] Fingerprint, byte[] Uri)
    {
        internal int Holders;
    }
}
