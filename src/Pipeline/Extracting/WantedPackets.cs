using System.Runtime.InteropServices;
using FlowPipe.Core;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>The packets that the records name, each once, by source. A source that several records name under different paths is one.</summary>
internal sealed class WantedPackets
{
    /// <summary>Packets that are looked for at once: 16 bytes each.</summary>
    internal const long PacketsMax = 200_000_000;

    private readonly Dictionary<string, WantedSource> _sources = new(StringComparer.Ordinal);
    private long _packets;

    public IReadOnlyCollection<WantedSource> Sources => _sources.Values;

    /// <exception cref="FlowPipeException">There are too many.</exception>
    public void Add(PacketPlaces places)
    {
        // A document has no fingerprint: the path has to do.
        string key = places.Fingerprint.Length > 0 ? places.Fingerprint : "at " + places.Uri;
        if (!_sources.TryGetValue(key, out WantedSource? source))
            _sources[key] = source = new WantedSource(places.Fingerprint);
        source.Add(places);
        _packets += places.Packets.Count;
        if (_packets > PacketsMax)
            throw new FlowPipeException(
                $"the records name more than {PacketsMax} packets: take fewer of them at once (--where, --id, -n), or the captures themselves"
            );
    }
}

/// <summary>The packets wanted of one source.</summary>
/// <param name="fingerprint">The source's; empty when the records do not say.</param>
internal sealed class WantedSource(string fingerprint)
{
    private readonly List<string> _uris = [];
    private readonly List<PacketPlace> _packets = [];
    private bool _sorted;

    /// <summary>What the records call it: a capture's fingerprint, or the name of a file that we have written.</summary>
    public string Fingerprint => fingerprint;

    /// <summary>Whether the beginning of the file tells that it is this source.</summary>
    public bool HasFingerprint { get; } = fingerprint.Length == 16 && fingerprint.All(char.IsAsciiHexDigitLower);

    /// <summary>Whether the records say that it is a file that we have written.</summary>
    public bool IsWritten => fingerprint.Length > 0 && !HasFingerprint;

    /// <summary>Where the source was found, by one record or another.</summary>
    public IReadOnlyList<string> Uris => _uris;

    /// <summary>The packets, each once, in the order in which they lie.</summary>
    public IReadOnlyList<PacketPlace> Packets
    {
        get
        {
            if (!_sorted)
                Sort();
            return _packets;
        }
    }

    /// <summary>How messages call it.</summary>
    public string Name =>
        _uris.Count > 0 && _uris[0].Length > 0 ? SourceFiles.Shown(_uris[0])
        : fingerprint.Length > 0 ? $"source {fingerprint}"
        : "a source without a name";

    public void Add(PacketPlaces places)
    {
        if (!_uris.Contains(places.Uri))
            _uris.Add(places.Uri);
        _packets.AddRange(places.Packets);
        _sorted = false;
    }

    private void Sort()
    {
        _packets.Sort(static (one, other) => one.Offset.CompareTo(other.Offset));
        Span<PacketPlace> packets = CollectionsMarshal.AsSpan(_packets);
        int kept = 0;
        foreach (PacketPlace packet in packets)
            if (kept == 0 || packets[kept - 1].Offset != packet.Offset)
                packets[kept++] = packet;
        CollectionsMarshal.SetCount(_packets, kept);
        _sorted = true;
    }
}
