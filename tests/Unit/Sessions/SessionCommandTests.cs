using CsCheck;
using FlowPipe.Abstractions;
using FlowPipe.Tests.Unit.Enqueue;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.PacketBuilder;

namespace FlowPipe.Tests.Unit.Sessions;

/// <summary>Sessions reached from another thread, in the middle of a run.</summary>
public sealed class SessionCommandTests
{
    private static readonly FlowKey Key = KeyOfPort(40_000);
    private readonly Decoder _decoder = new();

    [Fact]
    public async Task WhatIsOpenIsFoundByItsKeyInEitherDirection()
    {
        await using var run = new PausedRun(new Conversation().Udp(100, true).Udp(101, false).Udp(102, true).Packets, partitions: 3);
        SessionInfo info = (await run.LookUpAsync(Key))!;
        Assert.Equal((FlowState.Established, 2L, 1L), (info.State, info.Packets.Client, info.Packets.Server));
        Assert.Equal((Conversation.Ns(100), Conversation.Ns(102), 0), (info.FirstPacketNs, info.LastPacketNs, info.Segment));
        FlowKey reversed = new(Key.Protocol, Key.Destination, Key.DestinationPort, Key.Source, Key.SourcePort);
        Assert.Equal(info, await run.LookUpAsync(reversed));
        Assert.Equal(info, await run.Commands.LookUpAsync(info.Session));
        Assert.Null(await run.LookUpAsync(Key with { SourcePort = 1 }));
        Assert.Null(await run.LookUpAsync(Key with { Protocol = "tcp" }));
        await Assert.ThrowsAsync<ArgumentException>(() => run.LookUpAsync(Key with { Protocol = "gopher" }));
    }

    [Fact]
    public async Task ATagIsInTheRecord()
    {
        await using var run = new PausedRun(new Conversation().Udp(100, true).Packets);
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        Assert.NotNull(await run.Commands.TagAsync(session, "suspicious"u8.ToArray()));
        GatheredRecord record = Assert.Single(await run.EndAsync());
        Assert.Equal("suspicious", record.Texts("tags"));
    }

    [Fact]
    public async Task WhatIsNoLongerSavedIsStillCounted()
    {
        await using var run = new PausedRun(
            new Conversation().Udp(100, true).Udp(101, true).Packets,
            new Conversation().Udp(102, true).Udp(103, true).Udp(104, false).Packets
        );
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        Assert.NotNull(await run.Commands.StopSavingAsync(session));
        GatheredRecord record = Assert.Single(await run.EndAsync());
        Assert.Equal((5L, 2, 2), (record.Long("packets"), record.Positions().Count, record.PacketLengths().Count));
        Assert.Equal("truncated-pcap", record.Texts("tags"));
    }

    [Fact]
    public async Task AClosedSessionHasItsRecordAtOnce()
    {
        await using var run = new PausedRun(
            new Conversation().Udp(100, true).Udp(101, true).Packets,
            new Conversation().Udp(102, true).Packets
        );
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        Assert.Equal(2, (await run.Commands.CloseAsync(session))!.Packets.Sum);
        Assert.Null(await run.LookUpAsync(Key));
        Assert.Null(await run.Commands.CloseAsync(session));
        IReadOnlyList<GatheredRecord> records = await run.EndAsync();
        Assert.Equal([EndReason.Forced, EndReason.Shutdown], records.Select(record => record.Reason));
        Assert.Equal([2L, 1L], records.Select(record => record.Long("packets")));
    }

    [Fact]
    public async Task ALateCommandMissesTheNextSessionOfTheSameKey()
    {
        // The second part's packet comes long after the timeout: the same key, and the same object from the pool.
        await using var run = new PausedRun(
            new Conversation().Udp(100, true).Packets,
            new Conversation().Udp(500, true).Udp(500.1, true).Packets
        );
        SessionRef first = (await run.LookUpAsync(Key))!.Session;
        await run.GoOnAsync();
        Assert.Null(await run.Commands.TagAsync(first, "late"u8.ToArray()));
        Assert.Null(await run.Commands.StopSavingAsync(first));
        Assert.Null(await run.Commands.CloseAsync(first));
        SessionRef second = (await run.LookUpAsync(Key))!.Session;
        Assert.NotEqual(first, second);
        Assert.Equal(first.Id, second.Id);
        IReadOnlyList<GatheredRecord> records = await run.EndAsync();
        Assert.Equal([1L, 2L], records.Select(record => record.Long("packets")));
        Assert.All(records, record => Assert.Equal("", record.Texts("tags")));
    }

    [Fact]
    public async Task AfterTheRunThereIsNobodyToAsk()
    {
        await using var run = new PausedRun(new Conversation().Udp(100, true).Packets);
        SessionRef session = (await run.LookUpAsync(Key))!.Session;
        await run.EndAsync();
        Assert.Null(await run.Commands.LookUpAsync(session));
        Assert.Null(await run.Commands.LookUpAsync(Key));
    }

    [Fact]
    public async Task ACommandWithEveryPacketHarmsNothing()
    {
        await using var run = new PausedRun(
            new Conversation().Udp(100, true).Packets,
            [.. Enumerable.Range(0, 500).SelectMany(i => new Conversation(clientPort: 40_000 + (i % 50)).Udp(101, true).Packets)]
        );
        Task all = Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(async i =>
                {
                    if (await run.Commands.LookUpAsync(KeyOfPort(40_000 + (i % 50))) is not { } info)
                        return;
                    await run.Commands.TagAsync(info.Session, "seen"u8.ToArray());
                    await run.Commands.CloseAsync(info.Session);
                })
        );
        IReadOnlyList<GatheredRecord> records = await run.EndAsync();
        await all;
        Assert.Equal(501, records.Sum(record => record.Long("packets")));
    }

    /// <summary>A key made without a packet is the one that enqueue makes of such a packet, in whatever direction.</summary>
    [Fact]
    public void AKeyIsThatOfItsPackets()
    {
        Gen<string> v4 = Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], (a, b) => $"10.0.{a}.{b}");
        Gen<string> v6 = Gen.Select(Gen.Int[1, 2], Gen.Int[1, 3], (a, b) => $"2001:db8:{a}::{b}");
        Gen.Select(Gen.OneOf(Gen.Select(v4, v4), Gen.Select(v6, v6)), Gen.UShort[1, 3], Gen.UShort[1, 3], Gen.UShort[0, 4095])
            .Sample(
                (addresses, from, to, vlan) =>
                {
                    (string source, string destination) = addresses;
                    byte[] datagram = Udp(from, to, []);
                    bool is6 = source.Contains(':', StringComparison.Ordinal);
                    byte[] ip = is6 ? IPv6(UdpNumber, source, destination, datagram) : IPv4(UdpNumber, source, destination, datagram);
                    byte[] frame = Ethernet(is6 ? IPv6Type : IPv4Type, ip, tags: (Dot1q, vlan));
                    Assert.Equal(PacketRc.DoProcess, _decoder.Decode(1, frame, out PacketRecord packet));
                    var layers = new PacketRecord { Vlan0 = vlan };
                    var tracking = new Tracking(true, true, true, 7);
                    var udp = (IpMProtocol)_decoder.Tables.Protocols[packet.MProtocol];
                    Assert.Equal(packet.Hash, udp.KeyOf(in layers, in tracking, Ip(source), from, Ip(destination), to).Hash(7));
                    Assert.Equal(packet.Hash, udp.KeyOf(in layers, in tracking, Ip(destination), to, Ip(source), from).Hash(7));
                },
                iter: 300
            );
    }

    private static IpAddress Ip(string text)
    {
        byte[] bytes = Address(text);
        return bytes.Length == 4 ? IpAddress.ReadIPv4(bytes) : IpAddress.ReadIPv6(bytes);
    }

    private static FlowKey KeyOfPort(int port) =>
        new("udp", IpAddress.ReadIPv4([10, 0, 0, 1]), (ushort)port, IpAddress.ReadIPv4([10, 0, 0, 2]), 80);
}
