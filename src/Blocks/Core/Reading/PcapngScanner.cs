using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading;

/// <summary>
/// Scans a pcapng capture: blocks, of which sections, interfaces and packets matter and all others are stepped over, however long. Each section has
/// its own byte order and its own interfaces.
/// <code>
///  any block                      section header 0A0D0D0A           enhanced packet 6          packet 2 (obsolete)
///   0 type                         8 byte order magic 1A2B3C4D       8 interface (32 bit)       8 interface (16 bit)
///   4 total length, of 4           12 major 1   14 minor            12 time, high              10 drops
///   8 body, padded to 4            16 section length, or -1         16 time, low               12, 16 … as in enhanced
///  -4 total length again           24 options                       20 captured length
///                                                                   24 length on the wire      simple packet 3
///  interface description 1:                                         28 frame, padded            8 length on the wire
///   see PcapngInterface                                                options                 12 frame, padded
/// </code>
/// </summary>
internal sealed unsafe class PcapngScanner(int blockBytes, PacketFilter? filter, byte readerId) : CaptureScanner(filter, readerId)
{
    /// <summary>Block type of a section header; a palindrome, so that it is known before the byte order is.</summary>
    public const uint SectionHeader = 0x0A0D0D0A;

    private const uint InterfaceDescription = 1;
    private const uint ObsoletePacket = 2;
    private const uint SimplePacket = 3;
    private const uint EnhancedPacket = 6;

    private const uint ByteOrderMagic = 0x1A2B3C4D;
    private const ushort MajorVersion = 1;
    private const int BlockHeader = 8;
    private const int Trailer = 4;
    private const int PacketHeader = 28;
    private const int SimpleHeader = 12;
    private const int SectionLengthOffset = 16;
    private const int SectionLengthEnd = 24;

    /// <summary>No block of a capture in good order is longer; libpcap has the same limit.</summary>
    private const uint LongestBlock = 16 << 20;

    /// <summary>A section with more interfaces only wants our memory.</summary>
    private const int MostInterfaces = 65_536;

    private readonly List<PcapngInterface> _interfaces = [];
    private bool _swapped;
    private bool _inSection;
    private uint _skipTotal;
    private long _skip;
    private long _lastTimestampNs;

    public override bool AtBoundary => _skipTotal == 0;

    public override ScanResult Scan(ScanWindow window, PacketBatch batch)
    {
        byte* start = window.Block!.First;
        byte* at = start + window.Position;
        byte* end = start + window.End;
        ScanResult result = ScanResult.BatchFull;
        while (batch.Count < batch.Records.Length)
        {
            if (_skipTotal != 0 && !Skip(ref at, end, ref result))
                break;
            if (end - at < BlockHeader)
            {
                result = ScanResult.NeedBytes;
                break;
            }
            uint type = Load(at);
            uint total = Load(at + 4);
            if (type == EnhancedPacket && total <= end - at && total >= PacketHeader + Trailer)
            {
                uint captured = Load(at + 20);
                uint id = Load(at + 8);
                if (
                    captured <= total - PacketHeader - Trailer
                    && id < (uint)_interfaces.Count
                    && Load(at + total - Trailer) == total
                    && (total & 3) == 0
                    && Fingerprint.Complete
                )
                {
                    Append(batch, start, at, window.Origin, _interfaces[(int)id], captured);
                    at += total;
                    continue;
                }
            }
            // everything but a sound packet takes the slow way
            if (!OtherBlock(start, ref at, end, window.Origin, type, batch, ref result))
                break;
        }
        window.Position = (int)(at - start);
        return result;
    }

    /// <summary>One block of any type. False ends the scan, for the reason that it leaves behind.</summary>
    private bool OtherBlock(byte* start, ref byte* at, byte* end, long origin, uint type, PacketBatch batch, ref ScanResult result)
    {
        long left = end - at;
        if (type == SectionHeader)
        {
            if (left < SectionLengthOffset)
                return Need(ref result);
            if (!BeginSection(at, ref result))
                return false;
        }
        else if (!_inSection)
        {
            return Damaged("there is a block outside any section", ref result);
        }
        uint total = Load(at + 4);
        if (total < BlockHeader + Trailer || (total & 3) != 0 || total > LongestBlock)
            return Damaged($"the block there claims to be {total} bytes long, which can't be", ref result);
        bool isPacket = type is EnhancedPacket or ObsoletePacket or SimplePacket;
        if (!isPacket && type is not (SectionHeader or InterfaceDescription))
        {
            _skipTotal = total;
            _skip = total - Trailer;
            return true;
        }
        if (total > blockBytes)
            return Damaged($"the block there is {total} bytes long, more than the {blockBytes} of a read", ref result);
        if (isPacket && !CheckPacket(at, left, type, total, ref result))
            return false;
        if (total > left)
            return Need(ref result);
        if (Load(at + total - Trailer) != total)
            return Damaged($"the block there is {total} bytes long at its begin and {Load(at + total - Trailer)} at its end", ref result);
        ReadOnlySpan<byte> block = new(at, (int)total);
        switch (type)
        {
            case SectionHeader:
                if (block.Length < SectionLengthEnd + Trailer)
                    return Damaged($"the section header there has only {total} bytes", ref result);
                AddSectionToFingerprint(block);
                break;
            case InterfaceDescription:
                if (block.Length < 16 + Trailer)
                    return Damaged($"the interface description there has only {total} bytes", ref result);
                if (_interfaces.Count == MostInterfaces)
                    return Damaged($"the section has more than {MostInterfaces} interfaces", ref result);
                _interfaces.Add(PcapngInterface.Parse(block, _swapped));
                if (!Fingerprint.Complete)
                    Fingerprint.Add(block);
                break;
            default:
                if (!Fingerprint.Complete)
                    Fingerprint.AddFirstPacket(block);
                AppendAny(batch, start, at, origin, type, total);
                break;
        }
        at += total;
        return true;
    }

    /// <summary>Whether a packet block's header, as much as is there, makes sense.</summary>
    private bool CheckPacket(byte* at, long left, uint type, uint total, ref ScanResult result)
    {
        int header = type == SimplePacket ? SimpleHeader : PacketHeader;
        if (total < header + Trailer)
            return Damaged($"the packet block there has only {total} bytes", ref result);
        if (left < header)
            return Need(ref result);
        uint id = InterfaceOf(at, type);
        if (id >= (uint)_interfaces.Count)
            return Damaged($"the packet there is of interface {id}, but the section has described {_interfaces.Count}", ref result);
        if (type != SimplePacket && Load(at + 20) > total - PacketHeader - Trailer)
            return Damaged($"the packet there claims to be {Load(at + 20)} bytes long, in a block of {total}", ref result);
        return true;
    }

    private void AppendAny(PacketBatch batch, byte* start, byte* at, long origin, uint type, uint total)
    {
        PcapngInterface from = _interfaces[(int)InterfaceOf(at, type)];
        if (type != SimplePacket)
        {
            Append(batch, start, at, origin, from, Load(at + 20));
            return;
        }
        uint original = Load(at + 8);
        uint captured = Math.Min(original, total - SimpleHeader - Trailer);
        if (from.SnapLength != 0)
            captured = Math.Min(captured, from.SnapLength);
        // it has no time of its own: that of the packet before it keeps the order
        Append(batch, start, at, origin, at + SimpleHeader, from.LinkType, _lastTimestampNs, captured, original);
    }

    private void Append(PacketBatch batch, byte* start, byte* at, long origin, PcapngInterface from, uint captured)
    {
        long time = from.ToNanoseconds((ulong)Load(at + 12) << 32 | Load(at + 16));
        _lastTimestampNs = time;
        Append(batch, start, at, origin, at + PacketHeader, from.LinkType, time, captured, Load(at + 24));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Append(
        PacketBatch batch,
        byte* start,
        byte* at,
        long origin,
        byte* frame,
        ushort linkType,
        long timestampNs,
        uint captured,
        uint original
    )
    {
        if (Filter is not null && !Filter.Matches(linkType, frame, captured, original))
        {
            Filtered++;
            return;
        }
        ref PacketRecord record = ref batch.Records[batch.Count++];
        record = default;
        record.TimestampNs = timestampNs;
        record.SourceOffset = origin + (at - start);
        record.DataOffset = (int)(frame - start);
        record.CapturedLength = (int)captured;
        record.OriginalLength = (int)Math.Min(Math.Max(original, captured), int.MaxValue);
        record.LinkType = linkType;
        record.ReaderId = ReaderId;
    }

    /// <summary>A simple packet belongs to the section's first interface.</summary>
    private uint InterfaceOf(byte* at, uint type) =>
        type switch
        {
            EnhancedPacket => Load(at + 8),
            ObsoletePacket => LoadShort(at + 8),
            _ => 0,
        };

    private bool BeginSection(byte* at, ref ScanResult result)
    {
        uint magic = Unsafe.ReadUnaligned<uint>(at + BlockHeader);
        if (magic != ByteOrderMagic && magic != BinaryPrimitives.ReverseEndianness(ByteOrderMagic))
            return Damaged("the section header there has no byte order magic", ref result);
        _swapped = magic != ByteOrderMagic;
        if (LoadShort(at + 12) != MajorVersion)
            return Damaged($"the section there is of pcapng version {LoadShort(at + 12)}, and only {MajorVersion} is known", ref result);
        _inSection = true;
        _interfaces.Clear();
        return true;
    }

    /// <summary>All but the section's length, which a writer fills in when it has finished.</summary>
    private void AddSectionToFingerprint(ReadOnlySpan<byte> block)
    {
        if (Fingerprint.Complete)
            return;
        Fingerprint.Add(block[..SectionLengthOffset]);
        Fingerprint.Add(block[SectionLengthEnd..]);
    }

    /// <summary>Steps over what is there of a block that is of no interest. False when more has to be read, or its end is wrong.</summary>
    private bool Skip(ref byte* at, byte* end, ref ScanResult result)
    {
        long step = Math.Min(_skip, end - at);
        at += step;
        _skip -= step;
        if (_skip > 0 || end - at < Trailer)
            return Need(ref result);
        if (Load(at) != _skipTotal)
            return Damaged($"a block of {_skipTotal} bytes ends there, but says {Load(at)}", ref result);
        at += Trailer;
        _skipTotal = 0;
        return true;
    }

    private static bool Need(ref ScanResult result)
    {
        result = ScanResult.NeedBytes;
        return false;
    }

    private bool Damaged(string damage, ref ScanResult result)
    {
        Damage = damage;
        result = ScanResult.Damaged;
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Load(byte* at)
    {
        uint value = Unsafe.ReadUnaligned<uint>(at);
        return _swapped ? BinaryPrimitives.ReverseEndianness(value) : value;
    }

    private ushort LoadShort(byte* at)
    {
        ushort value = Unsafe.ReadUnaligned<ushort>(at);
        return _swapped ? BinaryPrimitives.ReverseEndianness(value) : value;
    }
}
