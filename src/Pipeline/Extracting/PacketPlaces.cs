using System.Text;
using System.Text.Json;
using FlowPipe.Core.Writing;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Extracting;

/// <summary>Where a packet is.</summary>
/// <param name="Offset">Where it begins in its source, decompressed.</param>
/// <param name="Length">What it takes there, the record header of 16 bytes included; 0 when the record does not say.</param>
internal readonly record struct PacketPlace(long Offset, int Length)
{
    /// <summary>Whether a packet of so many bytes is the one that is meant.</summary>
    public bool Fits(int captured) => Length == 0 || Length == captured + PcapLayout.RecordHeaderLength;
}

/// <summary>Where some packets of a record are.</summary>
/// <param name="Uri">Where their source was found; empty when the record does not say.</param>
/// <param name="Fingerprint">The source's, empty when the record does not say: documents have none.</param>
/// <param name="Packets">The place of each packet in the source.</param>
internal sealed record PacketPlaces(string Uri, string Fingerprint, IReadOnlyList<PacketPlace> Packets)
{
    private static readonly SpiField Positions = FieldDictionary.Default["packet_pos"];
    private static readonly SpiField Source = FieldDictionary.Default["packet_pos.source"];
    private static readonly SpiField Gaps = FieldDictionary.Default["packet_pos.gaps"];
    private static readonly SpiField Lengths = FieldDictionary.Default["packet_len"];
    private static readonly SpiField Uris = FieldDictionary.Default["file_uris"];

    /// <summary>The places that a record names, one entry a run of packets of one source; none when it has no positions.</summary>
    /// <exception cref="InvalidDataException">The positions of a document make no sense.</exception>
    /// <exception cref="JsonException">It is no JSON.</exception>
    public static IReadOnlyList<PacketPlaces> Of(in StoredRecord record) =>
        record.Values is { } values ? OfValues(values) : OfDocument(record.Json);

    private static List<PacketPlaces> OfValues(SpiFields values)
    {
        var uris = new List<string>();
        foreach (SpiValue uri in values.Values(Uris))
            uris.Add(Encoding.UTF8.GetString(uri.Utf8));
        var lengths = new List<long>();
        foreach (SpiValue packed in values.Values(Lengths))
        foreach (long length in packed.Packed)
            lengths.Add(length);
        var places = new Builder(uris, lengths);
        foreach (SpiValue part in values.Values(Positions))
        {
            string fingerprint = "";
            foreach (SpiValue source in part.Values(Source))
                fingerprint = Encoding.UTF8.GetString(source.Utf8);
            places.Begin(fingerprint);
            long offset = 0;
            foreach (SpiValue gaps in part.Values(Gaps))
            foreach (long gap in gaps.Packed)
                places.Add(offset += gap);
        }
        return places.Done();
    }

    /// <summary>Of Arkime's document, or of a record by its Avro names, as <c>consume --format json</c> prints it.</summary>
    private static List<PacketPlaces> OfDocument(ReadOnlyMemory<byte> json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        return root.TryGetProperty("packetPos", out JsonElement arkime)
                ? OfArkime(arkime, new Builder(Strings(root, "flowpipe", "fileUris"), Numbers(root, "packetLen")))
            : root.TryGetProperty("packet_pos", out JsonElement avro)
                ? OfAvroNames(avro, new Builder(Strings(root, "file_uris"), Numbers(root, "packet_len")))
            : [];
    }

    private static List<PacketPlaces> OfAvroNames(JsonElement parts, Builder places)
    {
        foreach (JsonElement part in Items(parts))
        {
            if (part.ValueKind != JsonValueKind.Object)
                throw Senseless();
            places.Begin(part.TryGetProperty("source", out JsonElement source) ? source.ToString() : "");
            long offset = 0;
            if (part.TryGetProperty("gaps", out JsonElement gaps))
                foreach (JsonElement gap in Items(gaps))
                    places.Add(offset += Number(gap));
        }
        return places.Done();
    }

    /// <summary>
    /// Arkime's list: a negative number is a file's, made positive; what follows are distances, the first from the file's start, and 0 stands
    /// for the distance before it. Without any negative number they are offsets (<c>records.gapPacketPos=false</c>).
    /// </summary>
    private static List<PacketPlaces> OfArkime(JsonElement list, Builder places)
    {
        bool asGaps = false;
        long offset = 0;
        long gap = 0;
        foreach (JsonElement item in Items(list))
        {
            long number = Number(item);
            if (number < 0)
            {
                asGaps = true;
                offset = 0;
                places.BeginNumber(-number);
                continue;
            }
            if (!asGaps)
            {
                if (places.IsEmpty)
                    places.BeginNumber(1);
                places.Add(number);
                continue;
            }
            gap = number == 0 ? gap : number;
            places.Add(offset += gap);
        }
        return places.Done();
    }

    private static List<string> Strings(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (string step in path)
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(step, out element))
                return [];
        var strings = new List<string>();
        foreach (JsonElement item in Items(element))
            strings.Add(item.ToString());
        return strings;
    }

    private static List<long> Numbers(JsonElement root, string name)
    {
        var numbers = new List<long>();
        if (root.TryGetProperty(name, out JsonElement list))
            foreach (JsonElement item in Items(list))
                numbers.Add(Number(item));
        return numbers;
    }

    private static JsonElement.ArrayEnumerator Items(JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Senseless();

    private static long Number(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long number) ? number : throw Senseless();

    private static InvalidDataException Senseless() => new("its positions are not as FlowPipe or Arkime write them");

    /// <summary>Gathers the places; sources are given their URIs in the order in which they first appear.</summary>
    private sealed class Builder(List<string> uris, List<long> lengths)
    {
        private readonly List<string> _fingerprints = [];
        private readonly List<PacketPlaces> _all = [];
        private readonly List<List<PacketPlace>> _packets = [];
        private int _count;

        public bool IsEmpty => _all.Count == 0;

        public void Begin(string fingerprint)
        {
            int number = _fingerprints.IndexOf(fingerprint);
            if (number < 0)
            {
                number = _fingerprints.Count;
                _fingerprints.Add(fingerprint);
            }
            BeginNumber(number + 1, fingerprint);
        }

        public void BeginNumber(long number, string fingerprint = "")
        {
            List<PacketPlace> packets = [];
            _packets.Add(packets);
            string uri = number >= 1 && number <= uris.Count ? uris[(int)number - 1] : "";
            _all.Add(new PacketPlaces(uri, fingerprint, packets));
        }

        public void Add(long offset)
        {
            long length = _count < lengths.Count ? lengths[_count] : 0;
            if (offset < 0 || length is < 0 or > int.MaxValue)
                throw Senseless();
            _packets[^1].Add(new PacketPlace(offset, (int)length));
            _count++;
        }

        public List<PacketPlaces> Done()
        {
            // lengths that are not one a packet can't be told apart
            if (_count != lengths.Count)
                foreach (List<PacketPlace> packets in _packets)
                    for (int i = 0; i < packets.Count; i++)
                        packets[i] = packets[i] with { Length = 0 };
            return _all;
        }
    }
}
