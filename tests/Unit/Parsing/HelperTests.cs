using System.Security.Cryptography;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>What parsers share: text, hexadecimal, base64, hashes, lines, kept bytes, readers.</summary>
public sealed class HelperTests
{
    private static readonly SpiField Tags = FieldDictionary.Default["tags"];

    public static TheoryData<TextEncoding, byte[], string> Texts =>
        new()
        {
            { TextEncoding.Utf8, "grün"u8.ToArray(), "grün" },
            { TextEncoding.Utf8, [0x61, 0xFF, 0x62], "a\uFFFDb" },
            { TextEncoding.Latin1, [0x67, 0x72, 0xFC, 0x6E], "grün" },
            { TextEncoding.Utf8OrLatin1, [0x67, 0x72, 0xFC, 0x6E], "grün" },
            { TextEncoding.Utf8OrLatin1, "grün"u8.ToArray(), "grün" },
            { TextEncoding.Utf16LittleEndian, [0x61, 0, 0xFC, 0, 0x3D, 0xD8, 0, 0xDE], "aü😀" },
            { TextEncoding.Utf16BigEndian, [0, 0x61, 0, 0xFC, 0xD8, 0x3D, 0xDE, 0], "aü😀" },
            { TextEncoding.Utf16LittleEndian, [0x3D, 0xD8, 0x61, 0, 0x62], "\uFFFDa\uFFFD" },
            { TextEncoding.Latin1, "plain"u8.ToArray(), "plain" },
            { TextEncoding.Utf16BigEndian, "plain!"u8.ToArray(), "\u706C\u6169\u6E21" },
        };

    [Theory]
    [MemberData(nameof(Texts))]
    public void TextBecomesValidUtf8(TextEncoding encoding, byte[] bytes, string expected)
    {
        var fields = new SpiFields();
        Assert.True(fields.AddText(Tags, bytes, encoding));
        Assert.True(fields.TryGetUtf8(Tags, out ReadOnlySpan<byte> value));
        Assert.Equal(expected, Encoding.UTF8.GetString(value));
    }

    [Fact]
    public void AnyBytesInAnyEncodingAreValidUtf8AndCutBetweenCharacters()
    {
        var random = new Random(5);
        byte[] utf8 = new byte[400];
        foreach (TextEncoding encoding in Enum.GetValues<TextEncoding>())
        {
            for (int i = 0; i < 300; i++)
            {
                byte[] bytes = new byte[random.Next(100)];
                random.NextBytes(bytes);
                int room = random.Next(SpiText.MostBytes(bytes.Length, encoding) + 1);
                int length = SpiText.ToUtf8(bytes, encoding, utf8.AsSpan(0, room));
                Assert.True(System.Text.Unicode.Utf8.IsValid(utf8.AsSpan(0, length)));
                int all = SpiText.ToUtf8(bytes, encoding, utf8);
                Assert.InRange(all, length, SpiText.MostBytes(bytes.Length, encoding));
            }
        }
    }

    [Fact]
    public void LowerCaseAndHexadecimal()
    {
        var fields = new SpiFields();
        fields.AddLower(Tags, "WWW.Example.ORG"u8);
        fields.AddLower(Tags, Encoding.ASCII.GetBytes(new string('Z', 600)));
        fields.AddHex(Tags, [0x00, 0xAB, 0x9F]);
        var values = new List<string>();
        foreach (SpiValue value in fields.Values(Tags))
            values.Add(Encoding.UTF8.GetString(value.Utf8));
        Assert.Equal(["www.example.org", new string('z', 600), "00ab9f"], values);
        Assert.Equal((15, 10, -1), (Hex.Value((byte)'F'), Hex.Value((byte)'a'), Hex.Value((byte)'g')));
    }

    [Fact]
    public void Base64InAnyPieces()
    {
        var random = new Random(9);
        for (int i = 0; i < 200; i++)
        {
            byte[] bytes = new byte[random.Next(60)];
            random.NextBytes(bytes);
            string text = Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks);
            if (random.Next(2) == 0)
                text = text.TrimEnd('=');
            if (random.Next(2) == 0)
                text = text.Replace('+', '-').Replace('/', '_');
            byte[] encoded = Encoding.ASCII.GetBytes(text);
            var decoder = new Base64Decoder();
            var decoded = new List<byte>();
            byte[] piece = new byte[100];
            for (int at = 0; at < encoded.Length; )
            {
                int length = Math.Min(random.Next(1, 20), encoded.Length - at);
                int most = Base64Decoder.MostBytes(length);
                int written = decoder.Decode(encoded.AsSpan(at, length), piece.AsSpan(0, most));
                decoded.AddRange(piece.AsSpan(0, written));
                at += length;
            }
            Assert.Equal(bytes, decoded);
        }
    }

    /// <summary>MD5 is our own: every length around its blocks, whole and in pieces, against the system's; the RFC's own first (A.5).</summary>
    [Fact]
    public void Md5OfAnyLengthInAnyPieces()
    {
        Assert.Equal("900150983cd24fb0d6963f7d28e17f72", Of(md5 => md5.Append("abc"u8)));
        var random = new Random(3);
        byte[] bytes = new byte[1000];
        random.NextBytes(bytes);
        var pieces = new BodyHash(BodyHashKind.Md5);
        for (int length = 1; length <= 300; length++)
        {
            int most = random.Next(1, 150);
#pragma warning disable CA5351 // What ours is compared with
            string expected = Convert.ToHexStringLower(MD5.HashData(bytes.AsSpan(0, length)));
#pragma warning restore CA5351
            var fields = new SpiFields();
            BodyHash.AddWhole(fields, Tags, BodyHashKind.Md5, bytes.AsSpan(0, length));
            for (int at = 0; at < length; at += most)
                pieces.Append(bytes.AsSpan(at, Math.Min(most, length - at)));
            pieces.AddTo(fields, Tags);
            var values = new List<string>();
            foreach (SpiValue value in fields.Values(Tags))
                values.Add(Encoding.ASCII.GetString(value.Utf8));
            // a set: both are the same
            Assert.Equal([expected], values);
        }
        static string Of(Action<BodyHash> append)
        {
            var hash = new BodyHash(BodyHashKind.Md5);
            append(hash);
            byte[] digits = new byte[64];
            return Encoding.ASCII.GetString(digits, 0, hash.Finish(digits));
        }
    }

    [Fact]
    public void HashesOfOneBodyAfterAnother()
    {
        var fields = new SpiFields();
        var md5 = new BodyHash(BodyHashKind.Md5);
        var sha256 = new BodyHash(BodyHashKind.Sha256);
        Assert.False(md5.AddTo(fields, Tags));
        foreach (
            (string body, string md5Of) in (ReadOnlySpan<(string, string)>)
                [("first body", "a97e73ad8da7f7f1a31b27954166f315"), ("second", "a9f0e61a137d86aa9db53465e0801612")]
        )
        {
            md5.Append("a body that is given up"u8);
            md5.Reset();
            sha256.Append("a body that is given up"u8);
            sha256.Reset();
            foreach (byte b in Encoding.ASCII.GetBytes(body))
            {
                md5.Append([b]);
                sha256.Append([b]);
            }
            Assert.True(md5.AddTo(fields, Tags));
            Assert.True(sha256.AddTo(fields, Tags));
            Assert.True(fields.Contains(Tags, Encoding.ASCII.GetBytes(md5Of)));
            Assert.True(
                fields.Contains(Tags, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(body)))))
            );
        }
    }

    [Fact]
    public void LinesEndWithLfOrCrLf()
    {
        ReadOnlySpan<byte> rest = "one\r\ntwo\n\nthr"u8;
        var lines = new List<string>();
        while (Lines.TryTake(ref rest, out ReadOnlySpan<byte> line))
            lines.Add(Encoding.ASCII.GetString(line));
        Assert.Equal(["one", "two", ""], lines);
        Assert.True(rest.SequenceEqual("thr"u8));
        Assert.True(Lines.StartsWith("Content-Type: x"u8, "content-type:"u8));
        Assert.False(Lines.StartsWith("Con"u8, "content-type:"u8));
        Assert.True(Lines.Trim(" \ta b "u8).SequenceEqual("a b"u8));
    }

    [Fact]
    public void WhatABufferKeepsIsWhatWasGivenLessWhatWasUsed()
    {
        var harness = new TcpHarness(new());
        var random = new Random(2);
        var buffer = new StreamBuffer(5000);
        var model = new List<byte>();
        for (int i = 0; i < 2_000; i++)
        {
            byte[] bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            ReadOnlySpan<byte> all = buffer.Join(harness.Session, bytes);
            model.AddRange(bytes);
            Assert.Equal(model, all.ToArray());
            int used = random.Next(4) == 0 ? all.Length : random.Next(all.Length + 1) / 2;
            model.RemoveRange(0, used);
            bool fits = buffer.Keep(harness.Session, all[used..]);
            Assert.Equal(model.Count <= 5000, fits);
            if (!fits)
                model.Clear();
            Assert.Equal(model, buffer.Bytes.ToArray());
            if (buffer.Length == 0)
                Assert.Equal(0, harness.Pool.Lent);
        }
        Assert.False(buffer.TryAppend(harness.Session, new byte[5001]));
        buffer.Free(harness.Session);
        Assert.Equal((0, 0L), (buffer.Length, harness.Pool.Lent));
    }

    [Fact]
    public void AReaderPastItsEndFailsForGood()
    {
        var reader = new PacketReader([1, 0, 2, 0, 0, 0, (byte)'a', (byte)'b', 0, 9]);
        Assert.Equal((1, 2u), (reader.U16Le(), reader.U32Le()));
        Assert.True(reader.TakeUntil(0).SequenceEqual("ab"u8));
        Assert.Equal(9, reader.Peek);
        Assert.Equal((9, 0, false), (reader.U8(), reader.Peek, reader.Failed));
        Assert.Equal(0UL, reader.U64Le());
        Assert.True(reader.Failed);
    }
}
