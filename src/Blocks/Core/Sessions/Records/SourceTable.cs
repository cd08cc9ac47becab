using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Sessions.Records;

/// <summary>One partition's knowledge of the sources whose packets its sessions hold, by number.</summary>
internal sealed class SourceTable
{
    private readonly List<Entry?> _entries = [];

    /// <summary>Makes a source known, at the first packet of it.</summary>
    public void Add(PacketSource source)
    {
        while (_entries.Count <= source.Number)
            _entries.Add(null);
        _entries[source.Number] ??= new Entry(Encoding.ASCII.GetBytes(source.Fingerprint), Encoding.UTF8.GetBytes(source.Uri));
    }

    public Entry this[int number] => _entries[number]!;

    /// <summary>A source's names, as records have them.</summary>
    public sealed record Entry(byte[] Fingerprint, byte[] Uri);
}
