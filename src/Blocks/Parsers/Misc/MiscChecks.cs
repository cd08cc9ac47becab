using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Misc;

/// <summary>Second looks at first bytes that are too short a sign on their own.</summary>
internal static class MiscChecks
{
    /// <summary>September 2001: exporters of flows that are not set to a time before it have a time at all.</summary>
    private const uint LeastExportTime = 1_000_000_000;

    /// <summary>AIM: | '*' | channel (1) | sequence (2) | length (2) | data |, alone or followed by another.</summary>
    public static bool IsFlap(Session session, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 6)
            return false;
        int end = 6 + BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]);
        return bytes.Length == end || (bytes.Length > end && bytes[end] == '*');
    }

    /// <summary>| 'W' 'A' | version (1) | dictionary's version (1) |.</summary>
    public static bool IsWhatsApp(Session session, ReadOnlySpan<byte> bytes) => bytes.Length >= 4 && bytes[2] <= 9 && bytes[3] <= 9;

    /// <summary>Data transfer of HDFS: | 0 | version 28 | operation (1) | …</summary>
    public static bool IsHdfs(Session session, ReadOnlySpan<byte> bytes) => bytes.Length >= 10 && bytes[5] == '\n';

    /// <summary>| length (4) | API key (2) | API version (2) | … |, one request in the segment.</summary>
    public static bool IsKafka(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 10
        && bytes[4] == 0
        && bytes[5] <= 6
        && bytes[7] == 0
        && bytes.Length == 4 + BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);

    /// <summary>| length (4) | 80 01 00 | type | … |.</summary>
    public static bool IsFramedThrift(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.Length > 20 && bytes[4] == 0x80 && bytes[5] == 1 && bytes[6] == 0;

    /// <summary>| five characters | length (4) | length of what is not compressed (4) | zlib's 78 |, either end first.</summary>
    public static bool IsGh0st(Session session, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 15)
            return false;
        bool littleEndian = bytes[7] == 0 && bytes[8] == 0;
        bool bigEndian = bytes[5] == 0 && bytes[6] == 0;
        return (littleEndian && BinaryPrimitives.ReadUInt16LittleEndian(bytes[5..]) == bytes.Length)
            || (bigEndian && BinaryPrimitives.ReadUInt16BigEndian(bytes[7..]) == bytes.Length)
            || (littleEndian && bytes[11] == 0 && bytes[12] == 0 && bytes[14] == 0x9C);
    }

    /// <summary>A priority (RFC 5424 section 6.2.1): | '&lt;' | digits, the first not 0 | '&gt;' |.</summary>
    public static bool IsSyslog(Session session, ReadOnlySpan<byte> bytes)
    {
        int digits = bytes[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return digits > 0 && bytes[1] != '0' && bytes[1 + digits] == '>';
    }

    /// <summary>| version (2) | records (2) | uptime (4) | time (4) | …</summary>
    public static bool IsNetFlow(Session session, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 24 || session.SourcePort == 53 || session.DestinationPort == 53)
            return false;
        int count = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return count is > 0 and <= 200 && 16 * count <= bytes.Length && BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) >= LeastExportTime;
    }

    /// <summary>RFC 7011 section 3.1: | 000A | length (2) | time (4) | sequence (4) | domain (4) | sets |.</summary>
    public static bool IsIpfix(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 20
        && session.SourcePort != 53
        && session.DestinationPort != 53
        && BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) == bytes.Length
        && BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]) >= LeastExportTime;

    /// <summary>Version 5: | version (4) | kind of address (4): 1 or 2 | agent's address | sub-agent (4) | sequence (4) | uptime (4) | samples (4) | …</summary>
    public static bool IsSFlow(Session session, ReadOnlySpan<byte> bytes) => bytes.Length >= 28 && bytes[7] is 1 or 2;

    /// <summary>The port of TACACS+.</summary>
    public static bool IsTacacs(Session session, ReadOnlySpan<byte> bytes) => session.SourcePort == 49 || session.DestinationPort == 49;

    /// <summary>The port of RIP.</summary>
    public static bool IsRip(Session session, ReadOnlySpan<byte> bytes) => session.SourcePort == 520 || session.DestinationPort == 520;

    /// <summary>An answer to a search: HTTP with headers of SSDP.</summary>
    public static bool IsSsdpResponse(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.IndexOf("\r\nST:"u8) >= 0 || bytes.IndexOf("\r\nUSN:"u8) >= 0 || bytes.IndexOf("UPnP"u8) >= 0;

    /// <summary>Windows' delivery optimization: | 14 | "Swarm protocol" | or | 0 (4) | …</summary>
    public static bool IsDeliveryOptimization(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 15 && (bytes.StartsWith("\0\0\0\0"u8) || bytes.StartsWith("\u000ESwarm protocol"u8));

    /// <summary>Skinny: | length (1), the rest of it 0 (3) | 0 (4) | …</summary>
    public static bool IsSkinny(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.Length > 20 && bytes.Length >= bytes[0] + 8 && bytes.Slice(1, 7).IndexOfAnyExcept((byte)0) < 0;

    /// <summary>| version 0 | operation 3: advertisement |, between equal ports.</summary>
    public static bool IsHsrp(Session session, ReadOnlySpan<byte> bytes) =>
        session.SourcePort == session.DestinationPort && bytes.Length >= 3 && bytes[0] == 0 && bytes[1] == 3;

    /// <summary>| type 1 | length 40 | version 2 |, between equal ports.</summary>
    public static bool IsHsrp2(Session session, ReadOnlySpan<byte> bytes) =>
        session.SourcePort == session.DestinationPort && bytes.Length >= 3 && bytes[0] == 1 && bytes[1] == 40 && bytes[2] == 2;

    /// <summary>Discovery: | version 1 or 2 | command (1) | length (2) | …; a question has nothing in it.</summary>
    public static bool IsUbiquiti(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.Length >= 4
        && bytes[0] is 1 or 2
        && (bytes[1] is 0 or 6 or 8 or 10 or 11)
        && BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) == bytes.Length - 4;

    /// <summary>Plex's discovery: a request of its own kind, or an answer, in HTTP's form.</summary>
    public static bool IsPlex(Session session, ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("M-SEARCH "u8) || bytes.StartsWith("HELLO "u8) || bytes.StartsWith("BYE "u8) || bytes.StartsWith("HTTP/1."u8);
}
