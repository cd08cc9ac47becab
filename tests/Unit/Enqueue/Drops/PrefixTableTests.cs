using System.Net;
using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue.Drops;

namespace FlowPipe.Tests.Unit.Enqueue.Drops;

public sealed class PrefixTableTests
{
    private static readonly Gen<(bool IsIPv4, uint Address, int Length, Listed Listed)[]> Entries = Gen.Select(
        Gen.Bool,
        Gen.UInt[0, 63], // few addresses, so that prefixes nest and touch
        Gen.Int[0, 32],
        Gen.Bool.Select(static drop => drop ? Listed.Drop : Listed.Allow)
    ).Array[0, 12];

    /// <summary>Against the plain way: of all that have the address, the longest, and of those the last.</summary>
    [Fact]
    public void TheLongestPrefixDecides() =>
        Gen.Select(Entries, Gen.UInt[0, 80].Array[1, 40])
            .Sample(
                (entries, addresses) =>
                {
                    Prefix[] prefixes = [.. entries.Select(entry => Make(entry.IsIPv4, entry.Address, entry.Length, entry.Listed))];
                    var table = new PrefixTable(prefixes);
                    foreach (uint low in (uint[])[.. addresses, uint.MaxValue, uint.MaxValue >> 1])
                    {
                        foreach (bool isIPv4 in (bool[])[true, false])
                        {
                            UInt128 address = Widen(isIPv4, low);
                            Listed expected = Listed.No;
                            int longest = -1;
                            foreach (Prefix prefix in prefixes)
                            {
                                if (prefix.IsIPv4 != isIPv4 || address < prefix.Start || address > prefix.End || prefix.Length < longest)
                                    continue;
                                (longest, expected) = (prefix.Length, prefix.Listed);
                            }
                            Assert.Equal(expected, table.Find(ToAddress(isIPv4, address)));
                        }
                    }
                },
                iter: 3_000
            );

    [Fact]
    public void FindsEndsOfTheAddressSpaces()
    {
        var table = new PrefixTable([
            new Prefix(true, 0, 1, Listed.Drop),
            new Prefix(true, uint.MaxValue, 32, Listed.Drop),
            new Prefix(false, UInt128.MaxValue, 128, Listed.Drop),
        ]);
        Assert.Equal(Listed.Drop, table.Find(Of("0.0.0.0")));
        Assert.Equal(Listed.Drop, table.Find(Of("127.255.255.255")));
        Assert.Equal(Listed.No, table.Find(Of("128.0.0.0")));
        Assert.Equal(Listed.No, table.Find(Of("255.255.255.254")));
        Assert.Equal(Listed.Drop, table.Find(Of("255.255.255.255")));
        Assert.Equal(Listed.No, table.Find(Of("::")));
        Assert.Equal(Listed.Drop, table.Find(Of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
    }

    internal static IpAddress Of(string text)
    {
        byte[] bytes = IPAddress.Parse(text).GetAddressBytes();
        return bytes.Length == 4 ? IpAddress.ReadIPv4(bytes) : IpAddress.ReadIPv6(bytes);
    }

    private static Prefix Make(bool isIPv4, uint address, int length, Listed listed)
    {
        int bits = isIPv4 ? 32 : 128;
        length = isIPv4 ? length : length * 4;
        UInt128 mask = length == 0 ? 0 : UInt128.MaxValue << (bits - length);
        return new Prefix(isIPv4, Widen(isIPv4, address) & mask & (isIPv4 ? uint.MaxValue : UInt128.MaxValue), length, listed);
    }

    /// <summary>Spreads a small number over the IPv6 addresses, low ones and high ones.</summary>
    private static UInt128 Widen(bool isIPv4, uint low) => isIPv4 ? low : ((UInt128)(low & 7) << 125) | (low >> 3);

    private static IpAddress ToAddress(bool isIPv4, UInt128 address) =>
        isIPv4 ? new IpAddress(0, 0xFFFF_0000_0000 | (ulong)address) : new IpAddress((ulong)(address >> 64), (ulong)address);
}
