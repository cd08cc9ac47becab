using System.Buffers;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using CsCheck;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

/// <summary>What may leave the sensor: which fields a user's names mean, and that nothing else is in what the encoders write.</summary>
public sealed class FieldPolicyTests
{
    private static readonly byte[] Key = "a key of 16 bytes"u8.ToArray();
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;

    [Fact]
    public void NothingChosenIsNoPolicy() => Assert.Null(FieldPolicy.Create(new FieldChoice(), static () => null));

    [Theory]
    [InlineData("http.user-agent", "http.user-agent")]
    [InlineData("icmp", "icmp.type icmp.code")]
    [InlineData("icmp.*", "icmp.type icmp.code")]
    [InlineData("port.*", "port.src port.dst port.socks")]
    [InlineData("tcpseq.*", "tcpseq.src tcpseq.dst")]
    [InlineData("dns.answer.caa", "dns.answer.caa")]
    [InlineData("packet_pos", "packet_pos packet_pos.source packet_pos.gaps")]
    public void NamesGroupsAndPrefixesAreExcluded(string name, string fields) =>
        Assert.Equal(fields.Split(' ').Order(), Excluded(new FieldChoice { Exclude = [name] }).Order());

    [Fact]
    public void AGroupHasAllThatLiesInItsRecord()
    {
        string[] dns = Excluded(new FieldChoice { Exclude = ["dns"] });
        Assert.Equal(
            Dictionary.Fields.Where(f => f.Avro == "dns" || f.Avro.StartsWith("dns[]", StringComparison.Ordinal)).Select(f => f.Name),
            dns
        );
        Assert.Contains("ip.xff", Excluded(new FieldChoice { Exclude = ["http"] }));
        Assert.Contains("dns.query.host", Excluded(new FieldChoice { Exclude = ["dns.*"] }));
    }

    [Fact]
    public void WhatIsIncludedComesWithWhatEveryRecordHas()
    {
        FieldPolicy policy = Policy(new FieldChoice { Include = ["dns.answer.ip", "communityId"] });
        string[] kept = [.. Dictionary.Fields.Where(f => policy.Of(f.Field) == FieldAction.Keep).Select(f => f.Name)];
        string[] required = [.. Dictionary.Fields.Where(f => f.Group == "record").Select(f => f.Name)];
        Assert.Contains("id", required);
        Assert.Contains("first_packet_ns", required);
        Assert.Equal(required.Concat(["communityId", "dns", "dns.answer", "dns.answer.ip"]), kept);
    }

    [Fact]
    public void ExcludesWin()
    {
        var choice = new FieldChoice
        {
            Include = ["http", "communityId"],
            Hash = ["http"],
            Exclude = ["http.user", "http.statuscode"],
        };
        FieldPolicy policy = Policy(choice);
        Assert.Equal(FieldAction.Drop, policy.Of(Dictionary["http.user"]));
        Assert.Equal(FieldAction.Hash, policy.Of(Dictionary["host.http"]));
        Assert.Equal(FieldAction.Hash, policy.Of(Dictionary["ip.xff"]));
        Assert.Equal(FieldAction.Drop, policy.Of(Dictionary["http.method-GET"]));
        Assert.Equal(FieldAction.Drop, policy.Of(Dictionary["user"]));
        Assert.Contains("http.method-GET", policy.LeftOut);
        // it was asked for
        Assert.DoesNotContain("http.statuscode", policy.LeftOut);
    }

    [Theory]
    [InlineData("exclude", "htp", "fields.exclude: there is no field or group 'htp'; near it are ftp, http, ntp")]
    [InlineData("include", "useragent", "http.user-agent")]
    [InlineData("exclude", "http.useragent", "near it are http.user-agent")]
    [InlineData("exclude", "source.ip", "near it are ip.src")]
    [InlineData("exclude", "IP.SRC", "ip.src")]
    [InlineData("exclude", "nothing.*", "no field or group 'nothing.*'")]
    [InlineData("exclude", "", "no field or group ''")]
    [InlineData("exclude", "id", "'id' can't be left out")]
    [InlineData("exclude", "record", "'record' can't be left out")]
    [InlineData("exclude", "session.*", "'session.segments' is one of them")]
    [InlineData("hash", "node", "'node' can't be hashed")]
    [InlineData("hash", "port.src", "'port.src' is of type int")]
    [InlineData("hash", "cert.notbefore", "'cert.notbefore' is of type time")]
    [InlineData("hash", "packet_len", "'packet_len' is of type packedint")]
    public void MistakesAreNamed(string list, string name, string message)
    {
        FieldChoice choice = list switch
        {
            "include" => new FieldChoice { Include = [name] },
            "exclude" => new FieldChoice { Exclude = [name] },
            _ => new FieldChoice { Hash = [name] },
        };
        var error = Assert.Throws<FormatException>(() => Policy(choice));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("fields." + list, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHashedFieldMustBeIncluded()
    {
        var error = Assert.Throws<FormatException>(() => Policy(new FieldChoice { Include = ["http"], Hash = ["user"] }));
        Assert.Contains("'user' is not in fields.include", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "ip.src", "", "fields.hash needs a key")]
    [InlineData("communityId", "", "", "communityId does not leave")]
    [InlineData("", "", "http", "communityId does not leave")]
    public void WhereSomethingIsHashedAKeyIsWanted(string exclude, string hash, string include, string message)
    {
        var choice = new FieldChoice
        {
            Exclude = exclude.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Hash = hash.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            Include = include.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        };
        var none = Assert.Throws<FormatException>(() => FieldPolicy.Create(choice, static () => null));
        Assert.StartsWith(message, none.Message, StringComparison.Ordinal);
        Assert.Contains("openssl rand", none.Message, StringComparison.Ordinal);
        var tooShort = Assert.Throws<FormatException>(() => FieldPolicy.Create(choice, static () => "geheim-geheim!!"u8.ToArray()));
        Assert.Contains("15 bytes", tooShort.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("geheim", tooShort.Message, StringComparison.Ordinal);
        Assert.NotNull(FieldPolicy.Create(choice, static () => Key));
    }

    [Fact]
    public void TheKeyIsNotAskedForWhereNothingIsHashed() =>
        Assert.NotNull(
            FieldPolicy.Create(new FieldChoice { Exclude = ["ip.src", "http"] }, static () => throw new InvalidOperationException())
        );

    [Fact]
    public void HashesAreThoseThatTheDocumentsGive()
    {
        var row = new SpiRow();
        var session = new SpiFields();
        row.SetIp(Dictionary["ip.src"], IPv4(0x0A000001));
        row.SetIp(Dictionary["ip.dst"], IPv6(1));
        session.Add(Dictionary["host.http"], "www.example.com"u8);
        session.Add(Dictionary["user"], "www.example.com"u8);
        session.AddIp(Dictionary["ip.xff"], IPv4(0x0A000001));
        session.AddEntry(Dictionary["custom"], "mine"u8, "www.example.com"u8);
        var choice = new FieldChoice { Hash = ["ip.src", "ip.dst", "host.http", "user", "ip.xff", "custom"] };
        string json = Encoding.UTF8.GetString(Filtered(choice, row, session, out byte[] avro));

        string text = Convert.ToHexStringLower(HMACSHA256.HashData(Key, "www.example.com"u8)[..16]);
        Assert.Contains($"\"host\":[\"{text}\"]", json, StringComparison.Ordinal);
        Assert.Contains($"\"user\":[\"{text}\"]", json, StringComparison.Ordinal);
        Assert.True(Holds(avro, Encoding.ASCII.GetBytes("mine@" + text)), "the entry of a map: its key, a length of 32, the hash");

        byte[] four = [0xFD, 0x04, .. HMACSHA256.HashData(Key, Bytes(IPv4(0x0A000001)))[..14]];
        byte[] six = [0xFD, 0x06, .. HMACSHA256.HashData(Key, Bytes(IPv6(1)))[..14]];
        Assert.Contains($"\"source\":{{\"ip\":\"{new System.Net.IPAddress(four)}\"", json, StringComparison.Ordinal);
        Assert.Contains($"\"destination\":{{\"ip\":\"{new System.Net.IPAddress(six)}\"", json, StringComparison.Ordinal);
        Assert.Contains($"\"xffIp\":[\"{new System.Net.IPAddress(four)}\"]", json, StringComparison.Ordinal);
    }

    [Fact]
    public void AnEmptyTextStaysEmpty()
    {
        var row = new SpiRow();
        var session = new SpiFields();
        row.Set(Dictionary["communityId"], ""u8);
        session.Add(Dictionary["host.socks"], ""u8);
        byte[] json = Filtered(new FieldChoice { Hash = ["communityId", "host.socks"] }, row, session, out _);
        Assert.DoesNotContain("community_id", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
        Assert.DoesNotContain("socks", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsAlwaysThereIsNotThereWhenItIsExcluded()
    {
        var row = new SpiRow();
        var session = new SpiFields();
        row.Set(Dictionary["bytes"], 5);
        row.Set(Dictionary["packets"], 5);
        session.Add(Dictionary["protocols"], "tcp"u8);
        byte[] json = Filtered(new FieldChoice { Exclude = ["bytes", "protocols", "packet_pos", "ip.protocol"] }, row, session, out _);
        string document = Encoding.UTF8.GetString(json);
        Assert.Contains("\"network\":{\"packets\":5}", document, StringComparison.Ordinal);
        foreach (string name in (string[])["bytes\":5", "protocol", "fileId", "ipProtocol"])
            Assert.DoesNotContain(name, document, StringComparison.Ordinal);
    }

    /// <summary>Every field has a value of its own, then a user chooses at random: what must not leave is in no byte of either encoding.</summary>
    [Fact]
    public void WhatIsExcludedIsInNoByteOfARecord()
    {
        string[] names =
        [
            .. Dictionary.Fields.Where(f => !f.Required).Select(f => f.Name),
            .. Dictionary.Fields.Select(f => f.Group).Where(g => g != "record").Distinct(),
            .. Dictionary
                .Fields.Where(f => !f.Required)
                .Select(f => f.Name.Split('.'))
                .Where(n => n.Length > 1)
                .Select(n => n[0] + ".*")
                .Distinct(),
        ];
        Gen<string[]> some = Gen.Int[0, names.Length - 1].Array[0, 5].Select(picks => picks.Select(i => names[i]).ToArray());
        Gen.Select(some, some, some, Gen.Bool)
            .Sample(
                (include, exclude, hash, all) =>
                {
                    // a single number can't be hashed, nor what is not included: those are errors, tested above
                    string[] hashed =
                    [
                        .. hash.Where(n => !Dictionary.TryGet(n, out FieldDefinition? f) || f.Field.Type == SpiType.RecordSet),
                    ];
                    var choice = new FieldChoice
                    {
                        Include = all ? [] : include,
                        Exclude = exclude.Where(n => n != "session.*").ToArray(),
                        Hash = all ? hashed.Where(n => n != "session.*").ToArray() : [],
                    };
                    FieldPolicy? policy = FieldPolicy.Create(
                        choice with
                        {
                            Include = choice.Include.Where(n => n != "session.*").ToArray(),
                        },
                        static () => Key
                    );
                    var row = new SpiRow();
                    var session = new SpiFields();
                    FullRecord.Fill(row, session);
                    byte[] json = Encode(policy, row, session, out byte[] avro);
                    foreach (FieldDefinition field in Dictionary.Fields.Where(f => f.Field.Type != SpiType.RecordSet))
                        AssertWhereItMayBe(field, policy, json, avro);
                },
                iter: 150,
                threads: 1
            );
    }

    [Fact]
    public void ASessionsValuesStayForItsNextRecord()
    {
        var session = new SpiFields();
        var row = new SpiRow();
        FullRecord.Fill(row, session);
        byte[] before = RecordRoundTripTests.Encode(Dictionary, session);
        FieldPolicy policy = Policy(new FieldChoice { Exclude = ["http"], Hash = ["dns"] });
        policy.CreateFilter().Apply(row, session);
        Assert.Equal(before, RecordRoundTripTests.Encode(Dictionary, session));
    }

    [Fact]
    public void RecordAfterRecordAllocatesNothing()
    {
        FieldPolicy policy = Policy(new FieldChoice { Exclude = ["mac.src"], Hash = ["ip.*", "tls", "http", "dns"] });
        FieldFilter filter = policy.CreateFilter();
        var row = new SpiRow();
        var session = new SpiFields();
        long allocated = long.MaxValue;
        for (int round = 0; round < 10 && allocated > 0; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 200; i++)
            {
                row.Reset();
                session.Reset();
                row.SetIp(Dictionary["ip.src"], IPv4(i));
                SpiFieldsTests.FillSmall(session);
                filter.Apply(row, session);
            }
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    private static string[] Excluded(FieldChoice choice)
    {
        FieldPolicy policy = Policy(choice);
        return [.. Dictionary.Fields.Where(f => policy.Of(f.Field) == FieldAction.Drop).Select(f => f.Name)];
    }

    private static FieldPolicy Policy(FieldChoice choice) => FieldPolicy.Create(choice, static () => Key)!;

    private static byte[] Filtered(FieldChoice choice, SpiRow row, SpiFields session, out byte[] avro) =>
        Encode(Policy(choice), row, session, out avro);

    private static byte[] Encode(FieldPolicy? policy, SpiRow row, SpiFields session, out byte[] avro)
    {
        SpiFields left = policy is null ? session : policy.CreateFilter().Apply(row, session);
        avro = RecordRoundTripTests.Encode(Dictionary, row, left);
        var document = new ArrayBufferWriter<byte>();
        new Sessions3Writer(policy: policy).Write(row, left, document);
        return document.WrittenSpan.ToArray();
    }

    private static void AssertWhereItMayBe(FieldDefinition field, FieldPolicy? policy, byte[] json, byte[] avro)
    {
        // one bit is no mark
        if (field.Field.Type == SpiType.Bool)
            return;
        FieldAction action = policy?.Of(field.Field) ?? FieldAction.Keep;
        for (SpiField around = field.Parent; !around.IsNone; around = Dictionary.Definition(around).Parent)
        {
            if (policy?.Of(around) == FieldAction.Drop)
                action = FieldAction.Drop;
        }
        (byte[] inJson, byte[] inAvro) = Marks(field, hashed: false);
        bool told = action == FieldAction.Keep;
        Assert.True(Holds(avro, inAvro) == told, $"{field.Name}: {action}, and its value is {(told ? "not " : "")}in the Avro record");
        // positions are not written as they are
        if (field.Sessions3 is not null && field.Name != "packet_pos.gaps")
            Assert.True(Holds(json, inJson) == told, $"{field.Name}: {action}, and its value is {(told ? "not " : "")}in the document");
        if (action != FieldAction.Hash)
            return;
        (inJson, inAvro) = Marks(field, hashed: true);
        Assert.True(Holds(avro, inAvro), $"{field.Name}: its hash is not in the Avro record");
        if (field.Sessions3 is not null)
            Assert.True(Holds(json, inJson), $"{field.Name}: its hash is not in the document");
    }

    private static (byte[] Json, byte[] Avro) Marks(FieldDefinition field, bool hashed)
    {
        switch (field.Field.Type)
        {
            case SpiType.Ip or SpiType.IpSet:
                byte[] address = Bytes(FullRecord.Address(field));
                if (hashed)
                    address = [0xFD, 0x06, .. HMACSHA256.HashData(Key, address)[..14]];
                byte[] text = Encoding.ASCII.GetBytes(new System.Net.IPAddress(address).ToString());
                return (text, text);
            case SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List or SpiType.Map:
                byte[] value = FullRecord.Text(field);
                if (hashed)
                    value = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(HMACSHA256.HashData(Key, value)[..16]));
                return (value, value);
            case SpiType.Double:
                throw new NotSupportedException("a field of doubles needs a mark here");
            default:
                return (Encoding.ASCII.GetBytes($"{FullRecord.Number(field)}"), ModelRecord.Pack(FullRecord.Number(field)));
        }
    }

    private static bool Holds(byte[] bytes, byte[] mark) => bytes.AsSpan().IndexOf(mark) >= 0;

    private static UInt128 IPv4(int address) => new(0, 0xFFFF_0000_0000UL | (uint)address);

    private static UInt128 IPv6(ulong low) => new(0x2001_0DB8_0000_0000, low);

    private static byte[] Bytes(UInt128 address)
    {
        byte[] bytes = new byte[16];
        ((IBinaryInteger<UInt128>)address).WriteBigEndian(bytes);
        return bytes;
    }

    /// <summary>A run that goes on where another was committed must hash with the same key.</summary>
    [Fact]
    public void AnotherKeyIsToldApart()
    {
        var choice = new FieldChoice { Hash = ["ip.src"] };
        string? Check(byte fill) => FieldPolicy.Create(choice, () => [.. Enumerable.Repeat(fill, 16)])!.KeyCheck;
        Assert.Equal(Check(1), Check(1));
        Assert.NotEqual(Check(1), Check(2));
        Assert.Null(FieldPolicy.Create(new FieldChoice { Exclude = ["ip.src"] }, () => null)!.KeyCheck);
    }
}
