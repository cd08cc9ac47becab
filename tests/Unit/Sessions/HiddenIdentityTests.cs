using System.Security.Cryptography;
using System.Text;
using FlowPipe.Core.Sessions;
using FlowPipe.Parsers;
using FlowPipe.Schemas;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>Message keys and record ids are made of addresses: they follow the Community ID where that must not leave.</summary>
public sealed class HiddenIdentityTests
{
    private const long Time = 1_700_000_000_123_456_789;
    private const string Community = "1:0Z1pC5r4QxZJFCBLA4XJYT6MqeI=";

    private static readonly byte[] Key = "a key of 16 bytes"u8.ToArray();

    [Theory]
    [InlineData("communityId", "")]
    [InlineData("", "communityId")]
    [InlineData("network", "")]
    public async Task TheyAreKeyedHashesWithoutIt(string exclude, string hash)
    {
        GatheredRecord open = Assert.Single(await RunAsync(new FieldChoice { Exclude = ["ip.src"] }));
        Assert.Equal(Community, open.Key);

        GatheredRecord hidden = Assert.Single(await RunAsync(Choice(exclude, hash)));
        Assert.Equal(Hashed(Community), hidden.Key);
        Assert.Equal(hash.Length > 0 ? Hashed(Community) : "", hidden.Text("communityId"));
        Assert.NotEqual(open.Id, hidden.Id);
        Assert.Equal($"{hidden.Id}", hidden.Text("id"));

        // and they are so again, in whatever partition
        GatheredRecord again = Assert.Single(await RunAsync(Choice(exclude, hash), partitions: 3));
        Assert.Equal((hidden.Id, hidden.Key), (again.Id, again.Key));
    }

    [Fact]
    public async Task AnotherKeyGivesOthers()
    {
        GatheredRecord one = Assert.Single(await RunAsync(Choice("communityId", "")));
        GatheredRecord other = Assert.Single(await RunAsync(Choice("communityId", ""), key: "another of 16 by."u8.ToArray()));
        Assert.NotEqual(one.Id, other.Id);
        Assert.NotEqual(one.Key, other.Key);
    }

    [Fact]
    public async Task TheRecordsOfASessionStayTogether()
    {
        byte[] frame = Frame();
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
            [new CapturedPacket(Time, frame), new CapturedPacket(Time + 5, frame)],
            new SessionSettings { MaxPackets = 1 },
            Records(Choice("", "communityId"), Key)
        );
        Assert.Equal(2, records.Count);
        Assert.Equal(Hashed(Community), Assert.Single(records.Select(record => record.Key).Distinct()));
        Assert.All(records, record => Assert.Equal(records[0].Id, record.RootId));
        Assert.NotEqual(records[0].Id, records[1].Id);
    }

    [Fact]
    public async Task AVlanIsHiddenWithTheRest()
    {
        byte[] frame = Ethernet(IPv4Type, IPv4(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(40000, 80, [])), tags: (Dot1q, 5));
        IReadOnlyList<GatheredRecord> records = await SessionRun.OfAsync(
            [new CapturedPacket(Time, frame)],
            new SessionSettings { SessionIdTracking = "vlan" },
            Records(Choice("communityId", ""), Key)
        );
        Assert.Equal(Hashed(Community + ";vlan=5"), Assert.Single(records).Key);
    }

    [Fact]
    public async Task WhatHasNoAddressesIsHiddenToo()
    {
        async Task<string> KeyAsync(FieldChoice choice) =>
            Assert
                .Single(
                    await SessionRun.OfAsync(
                        [new MemorySource([new CapturedPacket(Time, Ethernet(0x88B5, new byte[46]))])],
                        records: Records(choice, Key),
                        plugins: [new UnknownPlugin()]
                    )
                )
                .Key;
        string open = await KeyAsync(Choice("ip.src", ""));
        Assert.StartsWith("0:", open, StringComparison.Ordinal);
        Assert.Equal(Hashed(open), await KeyAsync(Choice("communityId", "")));
    }

    private static string Hashed(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.ASCII.GetBytes(text))[..16]);

    private static FieldChoice Choice(string exclude, string hash) =>
        new()
        {
            Exclude = exclude.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Hash = hash.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };

    private static RecordSettings Records(FieldChoice choice, byte[] key) => new() { Fields = FieldPolicy.Create(choice, () => key) };

    private static Task<IReadOnlyList<GatheredRecord>> RunAsync(FieldChoice choice, byte[]? key = null, int partitions = 1) =>
        SessionRun.OfAsync([new CapturedPacket(Time, Frame())], records: Records(choice, key ?? Key), partitions: partitions);

    private static byte[] Frame() => EthernetIp(UdpNumber, "10.0.0.1", "10.0.0.2", Udp(40000, 80, [1]));
}
