using System.Security.Cryptography;
using System.Text;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>Makes handshake messages, field by field as the specifications have them.</summary>
internal static class Handshakes
{
    public static byte[] U16(int value) => [(byte)(value >> 8), (byte)value];

    public static byte[] U24(int value) => [(byte)(value >> 16), (byte)(value >> 8), (byte)value];

    public static byte[] U16s(params int[] values) => [.. values.SelectMany(U16)];

    /// <summary>A vector with a length of one or two bytes before it.</summary>
    public static byte[] Vector8(params byte[] bytes) => [(byte)bytes.Length, .. bytes];

    public static byte[] Vector16(params byte[] bytes) => [.. U16(bytes.Length), .. bytes];

    public static byte[] Extension(int type, params byte[] body) => [.. U16(type), .. Vector16(body)];

    public static byte[] ServerName(string name) => Extension(0, Vector16([0, .. Vector16(Encoding.ASCII.GetBytes(name))]));

    public static byte[] Alpn(params string[] names) =>
        Extension(16, Vector16([.. names.SelectMany(name => Vector8(Encoding.Latin1.GetBytes(name)))]));

    /// <summary>A ClientHello's body; the cookie only for DTLS.</summary>
    public static byte[] ClientHello(int version, int[] ciphers, byte[][] extensions, byte[]? sessionId = null, byte[]? cookie = null) =>
        [
            .. U16(version),
            .. new byte[32],
            .. Vector8(sessionId ?? []),
            .. cookie is null ? [] : Vector8(cookie),
            .. Vector16(U16s(ciphers)),
            .. Vector8(0),
            .. extensions.Length == 0 ? [] : Vector16([.. extensions.SelectMany(static extension => extension)]),
        ];

    public static byte[] ServerHello(int version, int cipher, byte[][] extensions, byte[]? sessionId = null, byte[]? random = null) =>
        [
            .. U16(version),
            .. random ?? new byte[32],
            .. Vector8(sessionId ?? []),
            .. U16(cipher),
            0,
            .. extensions.Length == 0 ? [] : Vector16([.. extensions.SelectMany(static extension => extension)]),
        ];

    public static byte[] Certificates(params byte[][] certificates)
    {
        byte[] list = [.. certificates.SelectMany(one => (byte[])[.. U24(one.Length), .. one])];
        return [.. U24(list.Length), .. list];
    }

    /// <summary>A message with its header.</summary>
    public static byte[] Message(int type, byte[] body) => [(byte)type, .. U24(body.Length), .. body];

    /// <summary>A record of TLS.</summary>
    public static byte[] Record(int type, params byte[] payload) => [(byte)type, 3, 1, .. Vector16(payload)];

    /// <summary>What browsers of 2023 said: 15 suites, 16 extensions with GREASE before and after.</summary>
    public static byte[] BrowserHello(string host = "example.com") =>
        ClientHello(
            0x0303,
            [0x1A1A, 0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x9C, 0x9D, 0x2F, 0x35],
            [
                Extension(0x2A2A),
                ServerName(host),
                Extension(23),
                Extension(0xFF01, 0),
                Extension(10, Vector16(U16s(0x3A3A, 29, 23, 24))),
                Extension(11, Vector8(0)),
                Extension(35),
                Alpn("h2", "http/1.1"),
                Extension(5, 1, 0, 0, 0, 0),
                Extension(13, Vector16(U16s(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))),
                Extension(18),
                Extension(51, Vector16()),
                Extension(45, Vector8(1)),
                Extension(43, Vector8(U16s(0x4A4A, 0x0304, 0x0303))),
                Extension(27, Vector8(0, 2)),
                Extension(17513, Vector16(Vector8("h2"u8.ToArray()))),
                Extension(21, new byte[100]),
                Extension(0x5A5A, 0),
            ],
            [.. Enumerable.Range(1, 32).Select(static value => (byte)value)]
        );

    public static string ShortSha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)))[..12];
}
