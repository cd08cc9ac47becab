using System.Text;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>DNS messages, byte by byte (RFC 1035 section 4).</summary>
internal static class DnsWire
{
    public const int A = 1;
    public const int Ns = 2;
    public const int Cname = 5;
    public const int Mx = 15;
    public const int Txt = 16;
    public const int Aaaa = 28;
    public const int Opt = 41;

    /// <summary>A header; flags are its third and fourth byte.</summary>
    public static byte[] Header(int id, int flags, int questions, int answers = 0, int authority = 0, int additional = 0) =>
        [.. U16(id), .. U16(flags), .. U16(questions), .. U16(answers), .. U16(authority), .. U16(additional)];

    /// <summary>A name; a dot for the root.</summary>
    public static byte[] Name(string name) =>
        name == "." ? [0] : [.. name.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.Latin1.GetBytes(label)]), 0];

    /// <summary>A pointer.</summary>
    public static byte[] Pointer(int offset) => U16(0xC000 | offset);

    public static byte[] Question(string name, int type = A, int kind = 1) => [.. Name(name), .. U16(type), .. U16(kind)];

    /// <summary>A resource record.</summary>
    public static byte[] Record(byte[] name, int type, byte[] data, uint ttl = 300, int kind = 1) =>
        [.. name, .. U16(type), .. U16(kind), .. U16((int)(ttl >> 16)), .. U16((int)(ttl & 0xFFFF)), .. U16(data.Length), .. data];

    public static byte[] Query(string name, int type = A, int id = 7) => [.. Header(id, 0x0100, 1), .. Question(name, type)];

    /// <summary>A response to the one question, RD and RA set, with answers only.</summary>
    public static byte[] Response(string name, int type, params byte[][] answers) =>
        [.. Header(7, 0x8180, 1, answers.Length), .. Question(name, type), .. answers.SelectMany(a => a)];

    public static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];
}
