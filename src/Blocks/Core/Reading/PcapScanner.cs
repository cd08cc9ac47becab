using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Schemas;

namespace FlowPipe.Core.Reading;

/// <summary>
/// Scans a classic capture file. All numbers are in the byte order of the magic.
/// <code>
///  file header, 24 bytes                                record header, 16 bytes, then the frame
///   0  magic     a1b2c3d4 (µs) or a1b23c4d (ns)          0  seconds since 1970, unsigned
///   4  major 2   6  minor 4                              4  fraction: µs or ns
///   8  time zone, accuracy: unused                       8  captured length
///  16  snap length                                      12  length on the wire
///  20  link type: low 16 bits; above, FCS length flags  16  frame …
/// </code>
/// The frame check sequence that the flags may announce stays part of the frame, as it is in <c>frame.len</c> of tshark: what IP carries ends where IP
/// says. Dialects have more bytes before the frame (<see cref="PcapDialects"/>).
/// </summary>
internal sealed unsafe class PcapScanner : CaptureScanner
{
    /// <summary>Bytes of the file's header.</summary>
    public const int FileHeader = 24;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly bool _swapped;
    private readonly long _nanosecondsPerTick;
    private readonly int _recordHeader;
    private readonly bool _lengthsEitherWay;
    private readonly ushort _linkType;
    private readonly uint _longest;

    /// <param name="header">The file's header, whole.</param>
    /// <param name="format">What its magic says.</param>
    /// <param name="recordHeader">Bytes before each frame, of which the first 16 are as in every dialect.</param>
    /// <param name="blockBytes">What a record has to fit into.</param>
    /// <param name="filter">Applied to each packet.</param>
    /// <param name="readerId">Goes into each record.</param>
    public PcapScanner(
        ReadOnlySpan<byte> header,
        CaptureFormat format,
        int recordHeader,
        int blockBytes,
        PacketFilter? filter,
        byte readerId
    )
        : base(filter, readerId)
    {
        _swapped = IsBigEndian(format);
        _nanosecondsPerTick = format is CaptureFormat.PcapNanoseconds or CaptureFormat.PcapNanosecondsBig ? 1 : 1_000;
        _recordHeader = recordHeader;
        _lengthsEitherWay = IsOld(header, format);
        uint network = Order(BinaryPrimitives.ReadUInt32LittleEndian(header[20..]), _swapped);
        _linkType = LinkTypes.Canonical((ushort)network);
        _longest = Math.Min(LongestPacket(header, format), (uint)(blockBytes - recordHeader));
        Fingerprint.Add(header[..FileHeader]);
    }

    /// <summary>Whether numbers are big-endian; this program runs on little-endian machines only.</summary>
    public static bool IsBigEndian(CaptureFormat format) =>
        format is CaptureFormat.PcapMicrosecondsBig or CaptureFormat.PcapNanosecondsBig or CaptureFormat.PcapModifiedBig;

    /// <summary>
    /// Whether the file's version is before 2.4: some of those have the length on the wire first, so the greater is taken for it.
    /// </summary>
    public static bool IsOld(ReadOnlySpan<byte> header, CaptureFormat format)
    {
        ushort major = BinaryPrimitives.ReadUInt16LittleEndian(header[4..]);
        ushort minor = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        if (IsBigEndian(format))
            (major, minor) = (BinaryPrimitives.ReverseEndianness(major), BinaryPrimitives.ReverseEndianness(minor));
        return major < 2 || (major == 2 && minor < 4);
    }

    /// <summary>Bytes of the longest packet that a file of this header may have.</summary>
    public static uint LongestPacket(ReadOnlySpan<byte> header, CaptureFormat format) =>
        Math.Max(Order(BinaryPrimitives.ReadUInt32LittleEndian(header[16..]), IsBigEndian(format)), FileReaderSettings.MaximumPacket);

    public override ScanResult Scan(ScanWindow window, PacketBatch batch)
    {
        byte* start = window.Block!.First;
        byte* next = start + window.Position;
        byte* end = start + window.End;
        if (!Fingerprint.Complete && !FirstPacket(next, end))
            return Damage.Length > 0 ? ScanResult.Damaged : ScanResult.NeedBytes;
        ScanResult result = ScanRecords(start, ref next, end, window.Origin, batch);
        window.Position = (int)(next - start);
        return result;
    }

    /// <summary>The hot loop of the whole program.</summary>
    [MethodImpl(HotPath.Options)]
    private ScanResult ScanRecords(byte* start, ref byte* next, byte* end, long origin, PacketBatch batch)
    {
        PacketRecord[] records = batch.Records;
        int count = batch.Count;
        bool swapped = _swapped;
        long tick = _nanosecondsPerTick;
        uint longest = _longest;
        int header = _recordHeader;
        bool either = _lengthsEitherWay;
        byte* at = next;
        ScanResult result = ScanResult.BatchFull;
        while ((uint)count < (uint)records.Length)
        {
            long left = end - at - header;
            if (left < 0)
            {
                result = ScanResult.NeedBytes;
                break;
            }
            uint captured = Load(at + 8, swapped);
            uint original = Load(at + 12, swapped);
            if (either && captured > original)
                (captured, original) = (original, captured);
            if (captured > left)
            {
                result = captured > longest ? TooLong(captured) : ScanResult.NeedBytes;
                break;
            }
            if (captured > longest)
            {
                result = TooLong(captured);
                break;
            }
            byte* frame = at + header;
            if (Filter is null || Filter.Matches(_linkType, frame, captured, original))
            {
                ref PacketRecord record = ref records[count++];
                record = default;
                record.TimestampNs = Load(at, swapped) * NanosecondsPerSecond + Load(at + 4, swapped) * tick;
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
            at = frame + captured;
        }
        next = at;
        batch.Count = count;
        return result;
    }

    /// <summary>Hashes the first record when all of it is there.</summary>
    private bool FirstPacket(byte* at, byte* end)
    {
        if (end - at < _recordHeader)
            return false;
        uint captured = Load(at + 8, _swapped);
        if (_lengthsEitherWay)
            captured = Math.Min(captured, Load(at + 12, _swapped));
        if (captured > _longest)
        {
            TooLong(captured);
            return false;
        }
        if (end - at - _recordHeader < captured)
            return false;
        Fingerprint.AddFirstPacket(new ReadOnlySpan<byte>(at, _recordHeader + (int)captured));
        return true;
    }

    private ScanResult TooLong(uint captured)
    {
        Damage = $"the packet there claims to be {captured} bytes long, more than the {_longest} that are possible";
        return ScanResult.Damaged;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Load(byte* at, bool swapped) => Order(Unsafe.ReadUnaligned<uint>(at), swapped);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Order(uint value, bool swapped) => swapped ? BinaryPrimitives.ReverseEndianness(value) : value;
}
