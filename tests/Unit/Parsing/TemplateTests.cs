using System.Diagnostics;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Unit.Schemas;
using FlowPipe.Tests.Unit.TestSupport;
using static FlowPipe.Tests.Unit.TestSupport.Conversation;

namespace FlowPipe.Tests.Unit.Parsing;

/// <summary>The parser that <c>make parser</c> copies works, and is copied.</summary>
public sealed class TemplateTests
{
    [Theory]
    [InlineData("TEMPLATE ann\n\0\u0003abc", "ann", "")]
    [InlineData("TEMPLATE ann\n\0\u0003abc\0\u0002d", "ann", "")] // ends inside a message
    [InlineData("TEMPLATE ann\n\0\0", "ann", "template-malformed")]
    [InlineData("TEMPLATE ", "", "")]
    public async Task MessagesInAnySegments(string stream, string user, string tags)
    {
        foreach (int size in (int[])[9, 11, 1000])
        {
            Conversation conversation = new Conversation().Handshake();
            for (int at = 0; at < stream.Length; at += size)
                conversation.Tcp(1 + at, true, Psh | Ack, 1001 + (uint)at, 5001, stream[at..Math.Min(at + size, stream.Length)]);
            var sink = new GatheringSink();
            using var run = new SessionRun(
                new MemoryReader(new MemorySource(conversation.Packets)),
                sink,
                new SessionSettings { StopOnParserFault = true },
                plugins: [new TemplatePlugin()]
            );
            await run.RunAsync(TestContext.Current.CancellationToken);
            run.AssertBalanced();
            GatheredRecord record = Assert.Single(sink.Records);
            Assert.Equal((user, tags), (record.Custom("template.user"), record.Texts("tags")));
        }
    }

    [Fact]
    public async Task TheScriptMakesAParserOfIt()
    {
        using var folder = new TemporaryFolder();
        (int status, string said) = await ScriptAsync("fooBar", folder.Path);
        Assert.Equal((0, ""), (status, status == 0 ? "" : said));
        string made = await File.ReadAllTextAsync(Path.Combine(folder.Path, "FooBar.cs"), TestContext.Current.CancellationToken);
        Assert.Contains("namespace FlowPipe.Parsers;", made, StringComparison.Ordinal);
        Assert.Contains("class FooBarPlugin", made, StringComparison.Ordinal);
        Assert.Contains("\"foobar\"u8", made, StringComparison.Ordinal);
        Assert.DoesNotContain("template", made, StringComparison.OrdinalIgnoreCase);

        (status, said) = await ScriptAsync("fooBar", folder.Path);
        Assert.Equal(1, status);
        Assert.Contains("is there already", said, StringComparison.Ordinal);
        (status, said) = await ScriptAsync("no/name", folder.Path);
        Assert.Equal(2, status);
        Assert.Contains("letters and digits", said, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Said)> ScriptAsync(string name, string folder)
    {
        var start = new ProcessStartInfo(Repository.Path("scripts", "new-parser.sh"), [name, folder])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process script = Process.Start(start)!;
        string said = await script.StandardError.ReadToEndAsync();
        await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        return (script.ExitCode, said);
    }
}
