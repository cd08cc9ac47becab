using System.Text;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class SpiFieldsTests
{
    private static readonly FieldDictionary Nested = new(ModelRecord.NestedDictionary);
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;
    private static readonly SpiField Tags = Dictionary["tags"];
    private static readonly SpiField Ttl = Dictionary["ttl.src"];
    private static readonly SpiField Id = Dictionary["id"];
    private static readonly SpiField Query = Nested["query"];
    private static readonly SpiField Answer = Nested["query.answer"];

    [Fact]
    public void SetsDropDuplicatesAndKeepTheirOrder()
    {
        var values = new SpiFields();
        Assert.True(values.Add(Tags, "b"u8));
        Assert.True(values.Add(Ttl, 64));
        Assert.True(values.Add(Tags, "a"u8));
        Assert.False(values.Add(Tags, "b"u8));
        Assert.False(values.Add(Ttl, 64));
        Assert.True(values.Contains(Tags, "a"u8));
        Assert.False(values.Contains(Tags, "c"u8));
        Assert.Equal(["b", "a"], Strings(values, Tags));
    }

    [Fact]
    public void SingleFieldKeepsTheLastValue()
    {
        var values = new SpiFields();
        foreach (string text in (string[])["first", "longer than before", "again", ""])
        {
            Assert.True(values.Add(Id, Encoding.UTF8.GetBytes(text)));
            Assert.True(values.Add(Dictionary["length"], text.Length));
            Assert.Equal([text], Strings(values, Id));
            Assert.True(values.TryGetLong(Dictionary["length"], out long length));
            Assert.Equal(text.Length, length);
        }
    }

    [Fact]
    public void ManyValuesStayUniqueAndSoDoSingleOnesAmongThem()
    {
        var values = new SpiFields();
        for (int round = 0; round < 2; round++)
        {
            for (int i = 0; i < 10_000; i++)
                Assert.Equal(round == 0, values.Add(Tags, Encoding.UTF8.GetBytes($"tag{i}")));
            // the limit of values is reached; other sets are not touched by it
            Assert.False(values.Add(Tags, "one more"u8));
            Assert.Equal(round == 0, values.Add(Ttl, 64));
            Assert.True(values.Add(Id, round == 0 ? "id"u8 : "another id"u8));
            Assert.True(values.Contains(Tags, "tag9999"u8));
            Assert.False(values.Contains(Tags, "tag10000"u8));
        }
        Assert.Equal(["another id"], Strings(values, Id));
        Assert.Equal(10_000, Strings(values, Tags).Count);
        values.Reset();
        Assert.True(values.Add(Tags, "tag1"u8));
        Assert.Equal(["tag1"], Strings(values, Tags));
    }

    [Fact]
    public void ManyRecordsAreUniqueAndTheirValuesTheirOwn()
    {
        var values = new SpiFields();
        for (int i = 0; i < 3000; i++)
        {
            values.Begin(Query);
            Assert.True(values.Add(Nested["query.id"], i / 2));
            for (int j = 0; j < 100; j += 50)
                Assert.True(values.Add(Nested["query.tags"], Encoding.UTF8.GetBytes($"t{j}")));
            Assert.False(values.Add(Nested["query.tags"], "t0"u8));
            Assert.Equal(i % 2 == 0, values.EndUnlessSeen(Query));
        }
        int count = 0;
        foreach (SpiValue record in values.Values(Query))
        {
            foreach (SpiValue id in record.Values(Nested["query.id"]))
                Assert.Equal(count, id.Long);
            count++;
        }
        Assert.Equal(1500, count);
    }

    [Fact]
    public void RecordWithManyValuesIsIndexedToo()
    {
        var values = new SpiFields();
        values.Begin(Query);
        values.Begin(Answer);
        for (int i = 0; i < 2000; i++)
            Assert.True(values.Add(Nested["query.answer.ttl"], i));
        for (int i = 0; i < 2000; i++)
            Assert.False(values.Add(Nested["query.answer.ttl"], i));
        Assert.True(values.End(Answer));

        // a second answer may have the same values
        values.Begin(Answer);
        for (int i = 0; i < 2000; i++)
            Assert.True(values.Add(Nested["query.answer.ttl"], i));
        Assert.False(values.EndUnlessSeen(Answer));
        Assert.True(values.Add(Nested["query.id"], 7));
        Assert.True(values.End(Query));
        Assert.False(values.Has(Answer));
        Assert.True(values.Has(Query));
    }

    [Fact]
    public void LimitsLeaveOutWhatIsTooMuch()
    {
        var values = new SpiFields(
            new SpiLimits
            {
                ValuesPerField = 3,
                BytesPerValue = 5,
                Bytes = 60,
            }
        );
        for (int i = 0; i < 5; i++)
            Assert.Equal(i < 3, values.Add(Ttl, i));
        Assert.True(values.Add(Id, "123456789"u8));
        Assert.Equal(["12345"], Strings(values, Id));
        int added = 0;
        for (int i = 0; i < 100; i++)
            added += values.Add(Dictionary["mac.src"], Encoding.UTF8.GetBytes($"{i:0000}")) ? 1 : 0;
        Assert.Equal(3, added);
        for (int i = 0; i < 100; i++)
            _ =
                values.Add(Dictionary["dscp.src"], 1L << i % 31)
                | values.Add(Tags, [(byte)i])
                | values.AddEntry(Dictionary["custom"], [(byte)i], "v"u8);
        Assert.False(values.Add(Dictionary["protocols"], "late"u8));
        Assert.True(values.Add(Dictionary["node"], "n"u8), "single values still get in");
        Assert.True(values.MemoryBytes <= 256);
    }

    [Fact]
    public void RecordsAreLimitedToo()
    {
        var values = new SpiFields(new SpiLimits { ValuesPerField = 2 });
        for (int i = 0; i < 4; i++)
        {
            values.Begin(Query);
            values.Add(Nested["query.id"], i);
            Assert.Equal(i < 2, i % 2 == 0 ? values.End(Query) : values.EndUnlessSeen(Query));
        }
    }

    [Theory]
    [InlineData("aé", 2, "a")]
    [InlineData("aé", 3, "aé")]
    [InlineData("漢字", 5, "漢")]
    [InlineData("🦀🦀", 7, "🦀")]
    [InlineData("🦀", 3, "")]
    public void CutsBetweenCharacters(string text, int limit, string expected)
    {
        var values = new SpiFields(new SpiLimits { BytesPerValue = limit });
        values.Add(Id, Encoding.UTF8.GetBytes(text));
        Assert.Equal([expected], Strings(values, Id));
    }

    [Theory]
    [InlineData(new byte[] { 0x61, 0xFF, 0x62 })]
    [InlineData(new byte[] { 0xC3 })]
    [InlineData(new byte[] { 0xE2, 0x82, 0x41 })]
    [InlineData(new byte[] { 0xC0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80, 0x80 })]
    [InlineData(new byte[] { 0x80, 0x80, 0xC3, 0xA9 })]
    public void InvalidUtf8IsReplaced(byte[] bytes)
    {
        // the framework's decoder replaces as Unicode recommends
        string expected = Encoding.UTF8.GetString(bytes);
        var values = new SpiFields();
        values.Add(Id, bytes);
        values.Add(Tags, bytes);
        values.AddEntry(Dictionary["custom"], bytes, bytes);
        Assert.Equal([expected], Strings(values, Id));
        Assert.Equal([expected], Strings(values, Tags));
        foreach (SpiValue entry in values.Values(Dictionary["custom"]))
        {
            Assert.Equal(expected, Encoding.UTF8.GetString(entry.Key));
            Assert.Equal(expected, Encoding.UTF8.GetString(entry.Utf8));
        }
    }

    [Fact]
    public void ValueThatDoesNotFitAnIntIsRefused()
    {
        var values = new SpiFields();
        Assert.False(values.Add(Ttl, 1L << 31));
        Assert.False(values.Add(Dictionary["port.src"], long.MinValue));
        Assert.True(values.Add(Dictionary["port.src"], int.MinValue));
        Assert.False(values.Has(Ttl));
    }

    [Fact]
    public void MisuseIsAnError()
    {
        var values = new SpiFields();
        Assert.Throws<ArgumentException>(() => values.Add(default, 1));
        Assert.Throws<ArgumentException>(() => values.Add(Id, 1));
        Assert.Throws<ArgumentException>(() => values.Add(Ttl, "64"u8));
        Assert.Throws<ArgumentException>(() => values.AddIp(Id, 1));
        Assert.Throws<ArgumentException>(() => values.Begin(Id));
        Assert.Throws<InvalidOperationException>(() => values.Add(Nested["query.id"], 1));
        Assert.Throws<InvalidOperationException>(() => values.End(Query));
        values.Begin(Query);
        Assert.Throws<InvalidOperationException>(() => values.Add(Nested["first"], 1));
        Assert.Throws<InvalidOperationException>(() => values.End(Answer));
        Assert.False(values.End(Query), "an empty record is left out");
        Assert.True(values.IsEmpty);
    }

    [Fact]
    public void SmallSessionIsSmall()
    {
        var values = new SpiFields();
        Assert.Equal(0, values.MemoryBytes);
        FillSmall(values);
        Assert.InRange(values.MemoryBytes, 1, 256);
    }

    [Fact]
    public void ResetGivesBackWhatIsLarge()
    {
        var values = new SpiFields();
        for (int i = 0; i < 1000; i++)
            values.Add(Tags, Encoding.UTF8.GetBytes($"tag{i}"));
        Assert.True(values.MemoryBytes > 10_000);
        values.Reset();
        Assert.Equal(0, values.MemoryBytes);
        FillSmall(values);
        int small = values.MemoryBytes;
        values.Reset();
        Assert.Equal(small, values.MemoryBytes);
        Assert.False(values.Has(Ttl));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200)] // so many that there is an index
    public void RetainForgetsAllOthers(int tags)
    {
        var keeps = new bool[Dictionary.Fields.Count + 1];
        keeps[Tags.Number] = true;
        var values = new SpiFields();
        values.Add(Ttl, 64);
        for (int i = 0; i < tags; i++)
        {
            values.Add(Tags, Encoding.UTF8.GetBytes($"tag{i}"));
            values.Add(Ttl, i);
        }
        values.Retain(keeps);
        Assert.False(values.Has(Ttl));
        Assert.Equal(Enumerable.Range(0, tags).Select(static i => $"tag{i}"), Strings(values, Tags));
        // and they are sets as before
        Assert.False(values.Add(Tags, "tag0"u8));
        Assert.True(values.Add(Tags, "new"u8));
        Assert.True(values.Add(Ttl, 64));
        Assert.False(values.Add(Ttl, 64));
    }

    internal static void FillSmall(SpiFields values)
    {
        values.Add(Dictionary["mac.src"], "00:1f:5b:ff:51:cb"u8);
        values.Add(Dictionary["mac.dst"], "00:13:72:c4:f1:e1"u8);
        values.Add(Ttl, 64);
        values.Add(Dictionary["ttl.dst"], 57);
        values.Add(Dictionary["protocols"], "tcp"u8);
    }

    private static List<string> Strings(SpiFields values, SpiField field)
    {
        List<string> strings = [];
        foreach (SpiValue value in values.Values(field))
            strings.Add(Encoding.UTF8.GetString(value.Utf8));
        return strings;
    }
}
