using FlowPipe.Core;
using FlowPipe.Core.Enqueue;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>Settings that plugins ask for: values by any case of letters, defaults, ranges, and names that nobody knows.</summary>
public sealed class ParserSettingsTests
{
    private static LayerTables Given(params (string Name, string Text)[] given) =>
        new(FieldDictionary.Default, given.ToDictionary(static one => one.Name, static one => one.Text));

    [Fact]
    public void GivesWhatWasSetAndElseTheFallback()
    {
        LayerTables tables = Given(("parseCookies", "true"), ("MOST", "7"), ("words", " a  b "));

        Assert.True(tables.Setting("parsecookies", false, "h"));
        Assert.Equal(7, tables.Setting("most", 1, 0, 10, "h"));
        Assert.Equal(["a", "b"], tables.Setting("words", [], "h"));
        Assert.Equal(3, tables.Setting("other", 3, 0, 10, "h"));
        tables.Settings.Freeze([]);
        Assert.Equal(["most", "other", "parsecookies", "words"], tables.Settings.Known.Select(static one => one.Name));
    }

    [Theory]
    [InlineData("11", "parsers.most is \"11\", but must be a whole number from 0 to 10")]
    [InlineData("x", "parsers.most is \"x\", but must be a whole number from 0 to 10")]
    public void RefusesWhatIsNoValue(string text, string message)
    {
        LayerTables tables = Given(("most", text));
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => tables.Setting("most", 1, 0, 10, "h"));
        Assert.Equal(message, e.Message);
    }

    [Fact]
    public void RefusesANameThatNobodyAskedFor()
    {
        LayerTables tables = Given(("most", "1"), ("mots", "2"));
        tables.Setting("most", 1, 0, 10, "h");
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => tables.Settings.Freeze([]));
        Assert.Contains("parsers.mots is set, but no parser knows it", e.Message, StringComparison.Ordinal);
    }
}
