using Avro;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class SchemaCompatibilityTests
{
    private const string Empty = """{"type":"record","name":"R","fields":[]}""";

    [Theory]
    [InlineData("\"long\"", "\"int\"", true)]
    [InlineData("\"int\"", "\"long\"", false)]
    [InlineData("\"double\"", "\"float\"", true)]
    [InlineData("\"float\"", "\"double\"", false)]
    [InlineData("\"bytes\"", "\"string\"", true)]
    [InlineData("\"boolean\"", "\"int\"", false)]
    [InlineData("""["null","long"]""", "\"int\"", true)]
    [InlineData("\"long\"", """["null","long"]""", false)]
    [InlineData("""["null","long"]""", """["null","int"]""", true)]
    [InlineData("""["long"]""", """["null","int"]""", false)]
    [InlineData("""{"type":"array","items":"long"}""", """{"type":"array","items":"int"}""", true)]
    [InlineData("""{"type":"array","items":"int"}""", """{"type":"array","items":"long"}""", false)]
    [InlineData("""{"type":"map","values":"string"}""", """{"type":"map","values":"int"}""", false)]
    [InlineData("""{"type":"long","logicalType":"timestamp-millis"}""", "\"long\"", true)]
    [InlineData("\"long\"", """{"type":"long","logicalType":"timestamp-millis"}""", true)]
    [InlineData("""{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":1}]}""", Empty, true)]
    [InlineData("""{"type":"record","name":"R","fields":[{"name":"a","type":["null","int"],"default":null}]}""", Empty, true)]
    [InlineData("""{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}""", Empty, false)]
    [InlineData(Empty, """{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}""", true)]
    [InlineData("""{"type":"record","name":"S","fields":[]}""", Empty, false)]
    [InlineData("""{"type":"enum","name":"E","symbols":["A"]}""", """{"type":"enum","name":"E","symbols":["A","B"]}""", false)]
    [InlineData("""{"type":"enum","name":"E","symbols":["A","B"]}""", """{"type":"enum","name":"E","symbols":["A"]}""", true)]
    [InlineData("""{"type":"fixed","name":"F","size":4}""", """{"type":"fixed","name":"F","size":5}""", false)]
    public void ResolvesAsTheSpecificationSays(string reader, string writer, bool compatible) =>
        Assert.Equal(compatible, SchemaCompatibility.Check(Schema.Parse(reader), Schema.Parse(writer)).Count == 0);

    [Fact]
    public void ProblemNamesItsPlace()
    {
        Schema one = Schema.Parse(Nest("long"));
        Schema other = Schema.Parse(Nest("string"));
        Assert.Equal(["list[].value: a string can't be read as long"], SchemaCompatibility.Check(one, other));
        Assert.Equal(2, SchemaCompatibility.CheckBoth(one, other).Count);
    }

    [Fact]
    public void RecursiveSchemaEnds()
    {
        Schema list = Schema.Parse("""{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"],"default":null}]}""");
        Assert.Empty(SchemaCompatibility.CheckBoth(list, list));
    }

    private static string Nest(string type) =>
        """{"type":"record","name":"R","fields":[{"name":"list","type":{"type":"array","items":{"type":"record","name":"I","fields":[{"name":"value","type":"TYPE"}]}}}]}""".Replace(
            "TYPE",
            type,
            StringComparison.Ordinal
        );
}
