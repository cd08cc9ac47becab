using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using static FlowPipe.Tests.Unit.Parsers.Tls.Handshakes;

namespace FlowPipe.Tests.Unit.Parsers.Tls;

/// <summary>Makes packets of QUIC (RFC 9000, RFC 9001) with the framework's cryptography, and hellos of Google's.</summary>
internal static class QuicPackets
{
    /// <summary>The id of RFC 9001's examples.</summary>
    public static readonly byte[] ConnectionId = Convert.FromHexString("8394C8F03E515708");

    public static byte[] Chlo
    {
        get
        {
            (string Tag, string Value)[] values =
            [
                ("PAD\0", "-----------------"),
                ("SNI\0", "google.example"),
                ("VER\0", "Q043"),
                ("UAID", "Chrome/72"),
            ];
            byte[] tags = [];
            byte[] data = [];
            foreach ((string tag, string value) in values)
            {
                data = [.. data, .. Encoding.ASCII.GetBytes(value)];
                tags = [.. tags, .. Encoding.ASCII.GetBytes(tag), (byte)data.Length, 0, 0, 0];
            }
            return [.. "CHLO"u8, (byte)values.Length, 0, 0, 0, .. tags, .. data];
        }
    }

    public static byte[] Ack => [2, 0, 0x40, 100, 0, 0];

    public static byte[] Crypto(int offset, byte[] data) => [6, .. Number(offset), .. Number(data.Length), .. data];

    public static byte[] Number(int value) => [(byte)(0x40 | (value >> 8)), (byte)value];

    /// <summary>Clients fill their first datagrams.</summary>
    public static byte[] Padded(uint version, bool ofClient, int number, byte[] frames, byte[]? connectionId = null) =>
        Initial(version, ofClient, number, [.. frames, .. new byte[1162 - frames.Length]], connectionId);

    public static byte[] Initial(uint version, bool ofClient, int number, byte[] frames, byte[]? connectionId = null)
    {
        connectionId ??= ConnectionId;
        (byte[] key, byte[] iv, byte[] protection) = KeysOf(version, ofClient, connectionId);
        byte first = (byte)(0xC0 | (version == 0x6B3343CF ? 0x10 : 0) | 1);
        byte[] ids = ofClient ? [.. Vector8(connectionId), 0] : [0, .. Vector8(1, 2, 3)];
        byte[] versionBytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(versionBytes, version);
        byte[] header = [first, .. versionBytes, .. ids, 0, .. Number(2 + frames.Length + 16), .. U16(number)];
        byte[] nonce = [.. iv];
        nonce[11] ^= (byte)number;
        byte[] sealedFrames = new byte[frames.Length];
        byte[] tag = new byte[16];
        using var gcm = new AesGcm(key, tag.Length);
        gcm.Encrypt(nonce, frames, sealedFrames, tag, header);
        byte[] packet = [.. header, .. sealedFrames, .. tag];
        using var aes = Aes.Create();
        aes.SetKey(protection);
        byte[] mask = aes.EncryptEcb(packet.AsSpan(header.Length - 2 + 4, 16), PaddingMode.None);
        packet[0] ^= (byte)(mask[0] & 0x0F);
        packet[header.Length - 2] ^= mask[1];
        packet[header.Length - 1] ^= mask[2];
        return packet;
    }

    public static (byte[] Key, byte[] Iv, byte[] Protection) KeysOf(uint version, bool ofClient, byte[]? connectionId = null)
    {
        string salt = version switch
        {
            1 => "38762cf7f55934b34d179ae6a4c80cadccbb7f0a",
            0x6B3343CF => "0dede3def700a6db819381be6e269dcbf9bd2ed9",
            0xFF00001D => "afbfec289993d24c9e9786f19c6111e04390a899",
            _ => "c3eef712c72ebb5a11a7d2432bb46365bef9f502",
        };
        string quic = version == 0x6B3343CF ? "quicv2" : "quic";
        byte[] initial = HKDF.Extract(HashAlgorithmName.SHA256, connectionId ?? ConnectionId, Convert.FromHexString(salt));
        byte[] secret = Expand(initial, ofClient ? "client in" : "server in", 32);
        return (Expand(secret, quic + " key", 16), Expand(secret, quic + " iv", 12), Expand(secret, quic + " hp", 16));
    }

    public static byte[] Expand(byte[] secret, string label, int length) =>
        HKDF.Expand(HashAlgorithmName.SHA256, secret, length, [.. U16(length), .. Vector8(Encoding.ASCII.GetBytes("tls13 " + label)), 0]);
}
