using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class FieldDictionaryTests
{
    private const string Header = "name\tsessions3\tavro\ttype\tflags\thelp\n";

    [Fact]
    public void NumbersFollowTheSchemaAndFindTheirDefinitions()
    {
        FieldDictionary dictionary = FieldDictionary.Default;
        for (int i = 0; i < dictionary.Fields.Count; i++)
        {
            FieldDefinition field = dictionary.Fields[i];
            Assert.Equal(i + 1, field.Field.Number);
            Assert.Equal(field.Field, dictionary[field.Name]);
            Assert.Same(field, dictionary.Definition(field.Field));
            Assert.True(dictionary.TryGetAvro(field.Avro, out FieldDefinition? byAvro) && ReferenceEquals(field, byAvro));
            if (field.Sessions3 is not null)
                Assert.True(dictionary.TryGetSessions3(field.Sessions3, out FieldDefinition? byPath) && ReferenceEquals(field, byPath));
        }
        Assert.Equal(SpiType.Int, dictionary["port.src"].Type);
        Assert.Equal(-1, dictionary.Definition(dictionary["port.src"]).Default);
        Assert.Equal(dictionary["packet_pos"], dictionary.Definition(dictionary["packet_pos.gaps"]).Parent);
    }

    [Fact]
    public void GroupStandsWhereItsFirstFieldStands()
    {
        var dictionary = new FieldDictionary(
            Header
                + "a\ta\tgroup.a\tint\t-\tfirst\n"
                + "top\ttop\ttop\tint\t-\ttop\n"
                + "r\tr\tr\trecordset\t-\trecords\n"
                + "b\tb\tgroup.b\tint\t-\tlate\n"
                + "r.in\tr[].in\tr[].in\trecordset\tcnt\tinner\n"
                + "r.in.x\tr[].in[].x\tr[].in[].x\tutf8\t-\tx\n"
                + "r.y\tr[].y\tr[].y\tutf8set\tcnt\ty\n"
        );
        Assert.Equal("a b top r r.in r.in.x r.y", string.Join(' ', dictionary.Fields.Select(f => f.Name)));
        Assert.Equal(dictionary["r.in"].Number, dictionary["r.in.x"].Parent);
        Assert.Equal(dictionary["r"].Number, dictionary["r.y"].Parent);
    }

    [Fact]
    public void UnknownNameSuggestsTheNearest()
    {
        var e = Assert.Throws<KeyNotFoundException>(() => FieldDictionary.Default["Tcpflag.syn"]);
        Assert.Contains("'tcpflags.syn'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\ta\ta\tint\t-", "5 columns")]
    [InlineData("a\ta\ta\tinteger\t-\thelp", "type 'integer'")]
    [InlineData("a\ta\ta\tint\tcnt\thelp", "flag 'cnt'")]
    [InlineData("a\ta\ta\tint\tdefault=x\thelp", "'default=x'")]
    [InlineData("a\ta\ta\tint\tdefault=3000000000\thelp", "'default=3000000000'")]
    [InlineData("a\ta\tA-b\tint\t-\thelp", "'A-b'")]
    [InlineData("a\ta\tr[].a\tint\t-\thelp", "'r[]'")]
    [InlineData("a\ta[].b\ta\tint\t-\thelp", "says []")]
    [InlineData("a\ta\ta\tint\t-\t", "no help")]
    [InlineData("first\tx\tx\tint\t-\thelp", "name 'first'")]
    [InlineData("x\tfirst\tx\tint\t-\thelp", "sessions3 path 'first'")]
    [InlineData("x\tx\tfirst\tint\t-\thelp", "avro path 'first'")]
    [InlineData("x\tx\tfirst.x\tint\t-\thelp", "is a field, not a group")]
    [InlineData("x\tx\tr\trecordset\t-\thelp", "nothing lies in 'r[]'")]
    public void MalformedLineIsNamed(string line, string why)
    {
        var e = Assert.Throws<FormatException>(() =>
            new FieldDictionary($"# comment\n{Header}first\tfirst\tfirst\tint\t-\thelp\n{line}\n", "some.tsv")
        );
        Assert.Matches("^some.tsv, line [45]: ", e.Message);
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MissingHeaderIsNamed()
    {
        var e = Assert.Throws<FormatException>(() => new FieldDictionary("a\ta\ta\tint\t-\thelp\n"));
        Assert.Contains("line 1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HandleOfAnotherDictionaryIsRefused() =>
        Assert.Throws<KeyNotFoundException>(() => FieldDictionary.Default.Definition(new SpiField(1, SpiType.Map)));
}
