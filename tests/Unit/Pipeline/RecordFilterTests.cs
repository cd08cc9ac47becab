using System.Buffers;
using System.Text;
using FlowPipe.Core;
using FlowPipe.Pipeline.Consuming;
using FlowPipe.Pipeline.Consuming.Filtering;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class RecordFilterTests
{
    [Theory]
    [InlineData("ip.src == 10.0.0.1", true)]
    [InlineData("source.ip == 10.0.0.1", true)]
    [InlineData("ip.src == 10.0.0.0/8", true)]
    [InlineData("ip.src == 11.0.0.0/8", false)]
    [InlineData("ip.src != 10.0.0.0/8", false)]
    [InlineData("ip.src < 10.0.0.2", true)]
    [InlineData("ip.src contains 0.0.1", true)]
    [InlineData("ip.dst == 2001:db8::1", true)]
    [InlineData("ip.dst == 2001:0DB8:0::1", true)]
    [InlineData("ip.dst == 2001:db8::/32", true)]
    [InlineData("port.src > 999", true)]
    [InlineData("port.src >= 1000 and port.src <= 1000", true)]
    [InlineData("port.src < 1000", false)]
    [InlineData("port.src != 1", true)]
    [InlineData("port.src contains 00", true)]
    [InlineData("protocols == http", true)]
    [InlineData("protocols == HTTP", false)]
    [InlineData("protocols contains HT", true)]
    [InlineData("protocols != tcp", false)]
    [InlineData("protocols != udp", true)]
    [InlineData("final == true", true)]
    [InlineData("final == false", false)]
    [InlineData("first_packet >= 2024-05-01", true)]
    [InlineData("first_packet > '2024-05-01T12:00:00.123Z'", false)]
    [InlineData("first_packet == 1714564800123", true)]
    [InlineData("dns.host == example.com", true)]
    [InlineData("dns[].host == example.com", true)]
    [InlineData("host.dns == example.com", true)]
    [InlineData("dns.host == example.org", true)]
    [InlineData("dns.host == example.net", false)]
    [InlineData("dns.host != example.com", false)]
    [InlineData("dns.answer.ttl > 100", true)]
    [InlineData("dns.answer.ttl > 300", false)]
    [InlineData("dns", true)]
    [InlineData("http.uri", false)]
    [InlineData("not http.uri", true)]
    [InlineData("http.uri != /", true)]
    [InlineData("not (port.src == 1 or port.src == 2)", true)]
    [InlineData("port.src == 1 or port.dst == 80 and final == false", false)]
    [InlineData("(port.src == 1 or port.dst == 80) && final == true", true)]
    [InlineData("port.src==1000||port.src==1", true)]
    [InlineData("NOT port.src == 1 AND final", true)]
    public void FieldsAreComparedByTheirTypes(string text, bool holds)
    {
        var filter = RecordFilter.Parse(text);
        SpiFields values = Values();
        Assert.Equal(holds, filter.Holds(new StoredRecord("avro") { Values = values }));
        var json = new ArrayBufferWriter<byte>();
        new Sessions3Writer().Write(new SpiRow(), values, json);
        Assert.Equal(holds, filter.Holds(new StoredRecord("json") { Json = json.WrittenMemory }));
    }

    [Theory]
    [InlineData("user.name == ann", true)]
    [InlineData("user.name == bob", false)]
    [InlineData("user.age > 30", true)]
    [InlineData("items.price < 2", true)]
    [InlineData("items.price < 1", false)]
    [InlineData("a.b.c == x", true)]
    [InlineData("user.ip == 192.168.0.0/16", true)]
    [InlineData("gone", false)]
    [InlineData("nothing", false)]
    [InlineData("node == n1", true)] // also a field of ours, which means nothing here
    public void RecordsOfOthersAreGoneIntoByTheirNames(string text, bool holds)
    {
        byte[] json = Encoding.UTF8.GetBytes(
            """{"user":{"name":"ann","age":31,"ip":"192.168.1.2"},"items":[{"price":3},{"price":1.5}],"a.b":{"c":"x"},"nothing":null,"node":"n1"}"""
        );
        Assert.Equal(holds, RecordFilter.Parse(text).Holds(new StoredRecord("x") { Json = json, ForeignName = "shop.Order" }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("port.src ==")]
    [InlineData("port.src = 1")]
    [InlineData("port.src == 1 port.dst == 2")]
    [InlineData("(port.src == 1")]
    [InlineData("port.src == 1)")]
    [InlineData("port.src == http")]
    [InlineData("ip.src == host")]
    [InlineData("ip.src == 10.0.0.0/33")]
    [InlineData("dns == 1")]
    [InlineData("node == 'x")]
    [InlineData("and")]
    [InlineData("not")]
    public void NonsenseIsRefusedWithItsPlace(string text)
    {
        var e = Assert.Throws<FlowPipeException>(() => RecordFilter.Parse(text));
        Assert.StartsWith("--where", e.Message, StringComparison.Ordinal);
        Assert.Contains("at position", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnyValueOfAMapWillDo() // sessions3 documents have none
    {
        var record = new StoredRecord("avro") { Values = Values() };
        Assert.True(RecordFilter.Parse("custom == 'a value'").Holds(record));
        Assert.False(RecordFilter.Parse("custom == a").Holds(record));
    }

    [Fact]
    public void DepthHasALimit()
    {
        Assert.Throws<FlowPipeException>(() => RecordFilter.Parse(new string('(', 100_000)));
        Assert.Throws<FlowPipeException>(() => RecordFilter.Parse(string.Concat(Enumerable.Repeat("not ", 100_000)) + "final"));
    }

    [Fact]
    public void AFieldThatASessionDoesNotHaveIsNamedWithTheNearest()
    {
        var filter = RecordFilter.Parse("port.srk == 1");
        var e = Assert.Throws<FlowPipeException>(() => filter.Holds(new StoredRecord("x") { Values = Values() }));
        Assert.Contains("'port.src'", e.Message, StringComparison.Ordinal);
        Assert.True(e.IsWrongUsage);
    }

    private static SpiFields Values()
    {
        FieldDictionary fields = FieldDictionary.Default;
        var values = new SpiFields();
        values.Add(fields["first_packet"], new DateTimeOffset(2024, 5, 1, 12, 0, 0, 123, TimeSpan.Zero).ToUnixTimeMilliseconds());
        values.Add(fields["final"], 1);
        values.Add(fields["protocols"], "tcp"u8);
        values.Add(fields["protocols"], "http"u8);
        values.AddIp(fields["ip.src"], new UInt128(0, 0xFFFF_0A00_0001));
        values.Add(fields["port.src"], 1000);
        values.AddIp(fields["ip.dst"], new UInt128(0x20010DB8_00000000, 1));
        values.Add(fields["port.dst"], 80);
        foreach (string host in (string[])["example.com", "example.org"])
        {
            values.Begin(fields["dns"]);
            values.Add(fields["host.dns"], Encoding.UTF8.GetBytes(host));
            values.Begin(fields["dns.answer"]);
            values.Add(fields["dns.answer.ttl"], 300);
            values.End(fields["dns.answer"]);
            values.End(fields["dns"]);
        }
        values.AddEntry(fields["custom"], "plugin.a"u8, "a value"u8);
        return values;
    }
}
