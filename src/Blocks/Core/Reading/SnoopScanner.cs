using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading;

/// <summary>
/// Scans a capture of Solaris' snoop (RFC 1761). All numbers are big-endian.
/// <code>
///  file header, 16 bytes        record header, 24 bytes, then the frame and padding
///   0  'snoop' 00 00 00          0  length on the wire
///   8  version 2                 4  captured length
///  12  data link type            8  length of the record: header, frame, padding
///                               12  packets dropped so far
///                               16  seconds since 1970
///                               20  microseconds
///                               24  frame …
/// </code>
/// </summary>
internal sealed unsafe class SnoopScanner : CaptureScanner
{
    /// <summary>Bytes of the file's header.</summary>
    public const int FileHeader = 16;

    private const int RecordHeader = 24;
    private const uint Version = 2;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long NanosecondsPerMicrosecond = 1_000;

    /// <summary>Most padding after a frame that is taken for padding.</summary>
    private const uint MostPadding = 64;

    /// <summary>Stands for a data link type that the registry of link types does not have: its packets are counted as of an unknown link.</summary>
    private const ushort NoLinkType = ushort.MaxValue;

    private readonly ushort _linkType;
    private readonly uint _longest;

    /// <param name="header">The file's header, whole.</param>
    /// <param name="blockBytes">What a record has to fit into.</param>
    /// <param name="filter">Applied to each packet.</param>
    /// <param name="readerId">Goes into each record.</param>
    public SnoopScanner(ReadOnlySpan<byte> header, int blockBytes, PacketFilter? filter, byte readerId)
        : base(filter, readerId)
    {
        _linkType = LinkTypeOf(BinaryPrimitives.ReadUInt32BigEndian(header[12..]));
        _longest = Math.Min(FileReaderSettings.MaximumPacket, (uint)(blockBytes - RecordHeader) - MostPadding);
        Fingerprint.Add(header[..FileHeader]);
    }

    /// <summary>Why a file of that header can't be read; null when it can.</summary>
    public static string? Refusal(ReadOnlySpan<byte> header) =>
        BinaryPrimitives.ReadUInt32BigEndian(header[8..]) is var version and not Version
            ? $"the capture is of snoop version {version}, and only {Version} (RFC 1761) is known: convert it with editcap"
            : null;

    public override ScanResult Scan(ScanWindow window, PacketBatch batch)
    {
        byte* start = window.Block!.First;
        byte* at = start + window.Position;
        byte* end = start + window.End;
        ScanResult result = ScanResult.BatchFull;
        while (batch.Count < batch.Records.Length)
        {
            result = Next(ref at, end, start, window.Origin, batch);
            if (result != ScanResult.BatchFull)
                break;
        }
        window.Position = (int)(at - start);
        return result;
    }

    /// <summary>Takes one record; <see cref="ScanResult.BatchFull"/> when it has.</summary>
    private ScanResult Next(ref byte* at, byte* end, byte* start, long origin, PacketBatch batch)
    {
        if (end - at < RecordHeader)
            return ScanResult.NeedBytes;
        uint original = Load(at);
        uint captured = Load(at + 4);
        uint total = Load(at + 8);
        if (captured > _longest)
            return Damaged($"the packet there claims to be {captured} bytes long, more than the {_longest} that are possible");
        if (total < RecordHeader + captured || total - RecordHeader - captured > MostPadding)
            return Damaged($"the record there claims to be {total} bytes long around a packet of {captured}");
        if (end - at < total)
            return ScanResult.NeedBytes;
        if (!Fingerprint.Complete)
            Fingerprint.AddFirstPacket(new ReadOnlySpan<byte>(at, (int)total));
        byte* frame = at + RecordHeader;
        if (Filter is null || Filter.Matches(_linkType, frame, captured, original))
        {
            ref PacketRecord record = ref batch.Records[batch.Count++];
            record = default;
            record.TimestampNs = (Load(at + 16) * NanosecondsPerSecond) + (Load(at + 20) * NanosecondsPerMicrosecond);
            record.SourceOffset = origin + (at - start);
            record.DataOffset = (int)(frame - start);
            record.CapturedLength = (int)captured;
            record.OriginalLength = (int)Math.Min(Math.Max(original, captured), int.MaxValue);
            record.LinkType = _linkType;
            record.ReaderId = ReaderId;
        }
        else
        {
            Filtered++;
        }
        at += total;
        return ScanResult.BatchFull;
    }

    private ScanResult Damaged(string damage)
    {
        Damage = damage;
        return ScanResult.Damaged;
    }

    /// <summary>RFC 1761 section 3.3, and what IANA has registered since ("snoop Datalink Types").</summary>
    private static ushort LinkTypeOf(uint dataLinkType) =>
        dataLinkType switch
        {
            0 or 4 or 24 or 25 => 1, // IEEE 802.3, Ethernet, both, 100BaseT
            2 => 6, // IEEE 802.5
            8 => 10, // FDDI
            10 or 11 => 107, // frame relay, multiprotocol over frame relay
            17 or 18 => 123, // ATM, classical IP over ATM, with Sun's header
            22 => 1, // 100VG-AnyLAN Ethernet
            23 => 6, // 100VG-AnyLAN token ring
            _ => NoLinkType,
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Load(byte* at) => BinaryPrimitives.ReverseEndianness(Unsafe.ReadUnaligned<uint>(at));
}
