using System.Buffers.Binary;
using System.Net;
using System.Text;
using CsCheck;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class IpTextTests
{
    [Theory] // the examples of RFC 5952 sections 1 to 4, and edges
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    [InlineData("2001:0db8::0001", "2001:db8::1")]
    [InlineData("2001:db8:0:0:0:0:2:1", "2001:db8::2:1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]
    [InlineData("2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:0001", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:1")]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("1::", "1::")]
    [InlineData("1:0:0:2:3:4:0:0", "1::2:3:4:0:0")]
    [InlineData("0:0:1:2:3:4:5:6", "::1:2:3:4:5:6")]
    [InlineData("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::")]
    [InlineData("0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7")]
    [InlineData("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:0.0.0.0", "0.0.0.0")]
    [InlineData("::ffff:255.255.255.255", "255.255.255.255")]
    [InlineData("10.20.105.7", "10.20.105.7")]
    public void IsWrittenAsTheStandardSays(string address, string expected)
    {
        Assert.True(IpText.TryParse(address, out UInt128 parsed));
        Assert.Equal(expected, Write(parsed));
    }

    [Fact]
    public void AgreesWithTheFrameworkAndReadsItself() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[0, 0xFF])
            .Sample(
                (high, low, zeros) =>
                {
                    // groups set to zero at random, else no two of them ever are
                    byte[] bytes = new byte[16];
                    BinaryPrimitives.WriteUInt128BigEndian(bytes, new UInt128(high, low));
                    for (int i = 0; i < 8; i++)
                    {
                        if ((zeros & (1 << i)) != 0)
                            bytes.AsSpan(2 * i, 2).Clear();
                    }
                    UInt128 address = BinaryPrimitives.ReadUInt128BigEndian(bytes);
                    string text = Write(address);
                    Assert.True(IpText.TryParse(text, out UInt128 back));
                    Assert.Equal(address, back);

                    // the framework also writes the deprecated IPv4-compatible and the ISATAP form with dots, and not all mapped ones
                    var framework = new IPAddress(bytes);
                    string theirs = framework.ToString();
                    if (framework.IsIPv4MappedToIPv6)
                        Assert.Equal(framework.MapToIPv4().ToString(), text);
                    else if (!theirs.Contains('.', StringComparison.Ordinal))
                        Assert.Equal(theirs, text);
                },
                iter: 5000,
                threads: 1
            );

    [Theory]
    [InlineData("")]
    [InlineData("fe80::1%eth0")]
    [InlineData("x")]
    public void OtherTextIsNoAddress(string text) => Assert.False(IpText.TryParse(text, out _));

    private static string Write(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, address);
        Span<byte> text = stackalloc byte[IpText.MaxBytes];
        return Encoding.UTF8.GetString(text[..IpText.Write(bytes, text)]);
    }
}
