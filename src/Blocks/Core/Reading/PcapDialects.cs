using System.Buffers.Binary;

namespace FlowPipe.Core.Reading;

/// <summary>
/// Captures that begin as pcap but have more before each frame. All share the first 16 bytes of a record; nothing in the file's header tells one from
/// the other, so the records have to: those of the right dialect follow each other.
/// <code>
///  a1b2c3d4 (µs)                                       a1b2cd34 ("modified", A. Kuznetzov's libpcap patch)
///   16  pcap                                            24  16 | interface 4 | Ethernet type 2 | packet type 1 | pad 1
///   20  Nokia IPSO:   16 | flags 4                      28  SuSE 6.3: 24 | processor 1 | processor 1 | pad 2
///   24  Red Hat 6.1:  as modified, but with the magic
///       of pcap
/// </code>
/// </summary>
internal static class PcapDialects
{
    /// <summary>Bytes of a file that are looked at when its second record is not where pcap has it.</summary>
    private const int Lookahead = 64 * 1024;

    private const int CommonHeader = 16;
    private const uint MicrosecondsPerSecond = 1_000_000;

    private static ReadOnlySpan<byte> OfPcap => [16, 20, 24];

    private static ReadOnlySpan<byte> OfModified => [24, 28];

    /// <summary>Bytes before each frame; null when more have to be read to tell.</summary>
    /// <param name="capture">The capture from its begin on; at least the file's header.</param>
    /// <param name="format">What its magic says.</param>
    /// <param name="all">Whether there will be no more bytes to tell by.</param>
    public static int? RecordHeader(ReadOnlySpan<byte> capture, CaptureFormat format, bool all)
    {
        if (format is CaptureFormat.PcapNanoseconds or CaptureFormat.PcapNanosecondsBig)
            return CommonHeader; // younger than all dialects
        if (format is (CaptureFormat.PcapMicroseconds or CaptureFormat.PcapMicrosecondsBig) && PcapScanner.IsOld(capture, format))
            return CommonHeader; // older
        ReadOnlySpan<byte> candidates = format is CaptureFormat.PcapModified or CaptureFormat.PcapModifiedBig ? OfModified : OfPcap;
        bool bigEndian = PcapScanner.IsBigEndian(format);
        uint longest = PcapScanner.LongestPacket(capture, format);
        ReadOnlySpan<byte> records = capture[PcapScanner.FileHeader..];

        // The usual case needs no more than the second record's header.
        Record first = Record.Read(records, bigEndian);
        long second = candidates[0] + (long)first.Captured;
        if (first.Complete && first.Captured <= longest && second + CommonHeader <= records.Length)
        {
            if (Record.Read(records[(int)second..], bigEndian).IsPlausible(longest))
                return candidates[0];
        }
        else if (!all && (!first.Complete || first.Captured <= longest))
        {
            return null;
        }
        if (!all && capture.Length < Lookahead)
            return null;
        records = records[..Math.Min(records.Length, Lookahead - PcapScanner.FileHeader)];
        foreach (byte header in candidates)
        {
            if (Follow(records, header, bigEndian, longest))
                return header;
        }
        return candidates[0];
    }

    /// <summary>Whether two whole records or more follow each other, and nothing but records.</summary>
    private static bool Follow(ReadOnlySpan<byte> records, int header, bool bigEndian, uint longest)
    {
        int count = 0;
        while (true)
        {
            Record record = Record.Read(records, bigEndian);
            if (!record.Complete)
                return count > 1;
            if (!record.IsPlausible(longest))
                return false;
            long next = header + (long)record.Captured;
            if (next > records.Length)
                return count > 1;
            count++;
            records = records[(int)next..];
        }
    }

    /// <summary>What all dialects have.</summary>
    private readonly record struct Record(bool Complete, uint Fraction, uint Captured, uint Original)
    {
        public static Record Read(ReadOnlySpan<byte> bytes, bool bigEndian) =>
            bytes.Length < CommonHeader
                ? default
                : new Record(true, U32(bytes[4..], bigEndian), U32(bytes[8..], bigEndian), U32(bytes[12..], bigEndian));

        public bool IsPlausible(uint longest) =>
            Fraction < MicrosecondsPerSecond && Original > 0 && Captured <= longest && Captured <= Original;

        private static uint U32(ReadOnlySpan<byte> bytes, bool bigEndian) =>
            bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
