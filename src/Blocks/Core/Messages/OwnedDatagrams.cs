using FlowPipe.Abstractions;

namespace FlowPipe.Core.Messages;

/// <summary>One of the packets that a reassembled datagram came in.</summary>
/// <param name="Source">What it was read from, which need not be the batch's source.</param>
/// <param name="SourceOffset">Where its record begins there.</param>
/// <param name="TimestampNs">Its own time.</param>
/// <param name="CapturedLength">Bytes captured.</param>
/// <param name="OriginalLength">Bytes on the wire.</param>
/// <param name="LinkType">Its link type.</param>
public readonly record struct FragmentPacket(
    PacketSource Source,
    long SourceOffset,
    long TimestampNs,
    int CapturedLength,
    int OriginalLength,
    ushort LinkType
)
{
    /// <summary>The packet as it came, where packets are written; else null. In an array of enqueue's until the datagram is whole.</summary>
    internal byte[]? Kept { get; init; }

    /// <summary>Where it begins among the batch's datagrams, once it belongs to one.</summary>
    internal int KeptAt { get; init; }
}

/// <summary>
/// The reassembled datagrams of a batch, one behind the other in memory that the batch keeps, and the packets that each came in. Filled by
/// enqueue before partitions see the batch; only read from then on.
/// </summary>
public sealed class OwnedDatagrams
{
    /// <summary>Datagrams that a batch may have: <see cref="PacketRecord.Owned"/> has 16 bits.</summary>
    public const int MaxCount = ushort.MaxValue;

    /// <summary>Bytes of them all: more than 64 KiB for each thousand packets can't come without fragments that overlap to no end.</summary>
    public const int MaxBytes = 64 << 20;

    private const int KeptBytes = 1 << 20;
    private const int KeptPackets = 16_384;
    private byte[] _bytes = [];
    private int _length;
    private readonly List<(int First, int Count)> _datagrams = [];
    private readonly List<FragmentPacket> _packets = [];

    /// <summary>How many there are.</summary>
    public int Count => _datagrams.Count;

    /// <summary>Adds a datagram, to be filled in by the caller.</summary>
    /// <param name="record">Is given its place and length.</param>
    /// <param name="captured">Bytes of it.</param>
    /// <param name="packets">The packets it came in, in the order in which they came.</param>
    /// <param name="frame">Its memory.</param>
    /// <returns>False when the batch has no room for it.</returns>
    public bool TryAdd(ref PacketRecord record, int captured, ReadOnlySpan<FragmentPacket> packets, out Span<byte> frame)
    {
        frame = default;
        if (_datagrams.Count == MaxCount || captured > MaxBytes - _length)
            return false;
        // Frames handed out before keep the array that they are in: decoding may be in the middle of one.
        int kept = 0;
        foreach (ref readonly FragmentPacket packet in packets)
            kept += packet.Kept is null ? 0 : packet.CapturedLength;
        if (captured > MaxBytes - _length - kept)
            return false;
        if (_bytes.Length - _length < captured + kept)
            Array.Resize(ref _bytes, Math.Max(_length + captured + kept, Math.Min(MaxBytes, Math.Max(4096, 2 * _bytes.Length))));
        _datagrams.Add((_packets.Count, packets.Length));
        foreach (ref readonly FragmentPacket packet in packets)
        {
            _packets.Add(packet with { Kept = null, KeptAt = _length });
            if (packet.Kept is not { } bytes)
                continue;
            bytes.AsSpan(0, packet.CapturedLength).CopyTo(_bytes.AsSpan(_length));
            _length += packet.CapturedLength;
        }
        record.Owned = (ushort)_datagrams.Count;
        record.DataOffset = _length;
        record.CapturedLength = captured;
        frame = _bytes.AsSpan(_length, captured);
        _length += captured;
        return true;
    }

    /// <summary>The frame of a record that has a datagram.</summary>
    public ReadOnlySpan<byte> Frame(in PacketRecord record) => _bytes.AsSpan(record.DataOffset, record.CapturedLength);

    /// <summary>A packet as it came, where packets are written.</summary>
    internal ReadOnlySpan<byte> FrameOf(in FragmentPacket packet) => _bytes.AsSpan(packet.KeptAt, packet.CapturedLength);

    /// <summary>The packets that the datagram of a record came in.</summary>
    public ReadOnlySpan<FragmentPacket> PacketsOf(in PacketRecord record)
    {
        (int first, int count) = _datagrams[record.Owned - 1];
        return System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_packets).Slice(first, count);
    }

    /// <summary>Forgets them, and keeps as much memory as batches usually need.</summary>
    public void Clear()
    {
        if (_datagrams.Count == 0)
            return;
        _datagrams.Clear();
        _packets.Clear(); // sources are not kept alive
        _length = 0;
        if (_bytes.Length > KeptBytes)
            _bytes = [];
        if (_packets.Capacity > KeptPackets)
            _packets.Capacity = KeptPackets;
    }
}
