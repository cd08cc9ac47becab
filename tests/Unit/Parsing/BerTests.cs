using System.Text;
using FlowPipe.Abstractions;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>The reader of BER against the encodings that X.690 gives, and against nonsense.</summary>
public sealed class BerTests
{
    [Fact]
    public void ASequence()
    {
        // SEQUENCE { INTEGER -129, [APPLICATION 100] { BOOLEAN TRUE }, OCTET STRING of 130 bytes }
        byte[] octets = new byte[130];
        byte[] bytes = [0x30, 0x81, 0x8F, 0x02, 0x02, 0xFF, 0x7F, 0x7F, 0x64, 0x03, 0x01, 0x01, 0xFF, 0x04, 0x81, 0x82, .. octets];
        var outer = new BerReader([.. bytes, 0x05, 0x00]);
        Assert.True(outer.TryRead(0x30, out BerElement sequence));
        Assert.Equal((true, 0, 16, bytes.Length), (sequence.IsConstructed, sequence.Class, sequence.Number, sequence.Whole.Length));
        BerReader inner = sequence.Elements;
        Assert.True(inner.TryRead(out BerElement integer));
        Assert.True(integer.TryGetInteger(out long value));
        Assert.Equal(-129, value);
        Assert.True(inner.TryRead(out BerElement application));
        Assert.Equal((1, 100, 3), (application.Class, application.Number, application.Content.Length));
        Assert.True(inner.IsNext(0x04));
        Assert.True(inner.TryRead(out BerElement octet));
        Assert.Equal(130, octet.Content.Length);
        Assert.False(inner.TryRead(out _));
        Assert.False(inner.Failed);
        Assert.True(outer.TryRead(out BerElement last));
        Assert.Equal(5, last.Number);
        Assert.True(outer.IsEmpty);
    }

    [Fact]
    public void IndefiniteLengthsNest()
    {
        byte[] bytes = [0x30, 0x80, 0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00];
        var reader = new BerReader(bytes);
        Assert.True(reader.TryRead(out BerElement outer));
        Assert.Equal(11, outer.Content.Length);
        Assert.Equal(2, reader.Rest.Length);
        BerReader inner = outer.Elements;
        Assert.True(inner.TryRead(out BerElement nested));
        Assert.Equal(3, nested.Content.Length);
    }

    [Theory]
    [InlineData("30")]
    [InlineData("300500")]
    [InlineData("3084FFFFFFFF")]
    [InlineData("30850000000000")]
    [InlineData("3080020105")]
    [InlineData("04800000")]
    [InlineData("1FFFFFFFFF7F00")]
    [InlineData("1F")]
    public void NonsenseFails(string bytes)
    {
        var reader = new BerReader(Convert.FromHexString(bytes));
        Assert.False(reader.TryRead(out _));
        Assert.True(reader.Failed);
        Assert.False(reader.TryRead(out _));
    }

    [Theory]
    [InlineData("2A864886F70D010101", "1.2.840.113549.1.1.1")]
    [InlineData("550403", "2.5.4.3")]
    [InlineData("883703", "2.999.3")]
    [InlineData("00", "0.0")]
    [InlineData("2A86", "")] // ends inside a number
    [InlineData("", "")]
    [InlineData("2AFFFFFFFFFFFFFFFFFFFF7F", "")]
    public void ObjectIdentifiers(string content, string expected)
    {
        byte[] bytes = Convert.FromHexString(content);
        var reader = new BerReader([0x06, (byte)bytes.Length, .. bytes]);
        Assert.True(reader.TryRead(out BerElement element));
        Span<byte> text = stackalloc byte[64];
        Assert.Equal(expected, Encoding.ASCII.GetString(text[..element.WriteObjectIdentifier(text)]));
        for (int room = 0; room < expected.Length; room++)
            Assert.Equal(0, element.WriteObjectIdentifier(text[..room]));
    }

    [Theory]
    [InlineData(23, "700101000000Z", 0L)]
    [InlineData(23, "491231235959Z", 2524607999L)]
    [InlineData(23, "500101000000Z", -631152000L)]
    [InlineData(23, "7001010000Z", 0L)]
    [InlineData(24, "20380119031407Z", 2147483647L)]
    [InlineData(24, "20380119031407.5Z", 2147483647L)]
    [InlineData(24, "20380119041407+0100", 2147483647L)]
    [InlineData(24, "99991231235959Z", 253402300799L)]
    [InlineData(23, "701301000000Z", null)]
    [InlineData(23, "700230000000Z", null)]
    [InlineData(23, "7001", null)]
    [InlineData(24, "00000101000000Z", null)]
    [InlineData(4, "700101000000Z", null)]
    public void Times(int tag, string text, long? expected)
    {
        var reader = new BerReader([(byte)tag, (byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);
        Assert.True(reader.TryRead(out BerElement element));
        Assert.Equal(expected is not null, element.TryGetTime(out long seconds));
        if (expected is not null)
            Assert.Equal(expected, seconds);
    }

    [Fact]
    public void RandomBytesNeverLeaveTheirBounds()
    {
        var random = new Random(17);
        Span<byte> text = stackalloc byte[40];
        for (int i = 0; i < 20_000; i++)
        {
            byte[] bytes = new byte[random.Next(40)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0 && bytes.Length > 2)
                (bytes[0], bytes[1]) = (0x30, (byte)(random.Next(3) == 0 ? 0x80 : bytes.Length - 2));
            int read = 0;
            var reader = new BerReader(bytes);
            while (reader.TryRead(out BerElement element))
            {
                read += element.Whole.Length;
                Assert.InRange(element.Content.Length, 0, element.Whole.Length);
                element.TryGetTime(out _);
                element.WriteObjectIdentifier(text);
            }
            Assert.Equal(bytes.Length, reader.Failed ? bytes.Length : read);
        }
    }
}
