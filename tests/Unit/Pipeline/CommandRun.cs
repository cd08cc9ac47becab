using System.Collections;
using System.Text;
using FlowPipe.Pipeline.Commands;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Tests.Unit.Pipeline;

/// <summary>The executable's entry point, called in this process, and what came out of it.</summary>
internal sealed class CommandRun
{
    private readonly Func<byte[]> _out;
    private readonly StringBuilder _error = new();

    public CommandRun(IDictionary? environment = null, bool isTerminal = false)
    {
        var output = new MemoryStream();
        _out = output.ToArray;
        Context = new CommandContext(() => output, new StringWriter(_error), environment ?? new Hashtable())
        {
            OutIsTerminal = isTerminal,
            ErrorIsTerminal = isTerminal,
            Width = static () => 160,
        };
    }

    public CommandContext Context { get; }

    public int Status { get; private set; }

    public string Out => Encoding.UTF8.GetString(_out());

    public string Error => _error.ToString();

    public static async Task<CommandRun> OfAsync(params string[] args) => await new CommandRun().RunAsync(args);

    public async Task<CommandRun> RunAsync(params string[] args)
    {
        Status = await CommandLine.RunAsync(args, Context);
        Context.Flush();
        return this;
    }

    /// <summary>That it failed with this status, one line on stderr that holds these words, and nothing on stdout.</summary>
    public void AssertFailed(int status, params string[] words)
    {
        Assert.Equal(status, Status);
        Assert.Equal("", Out);
        string line = Assert.Single(Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("flowpipe: ", line, StringComparison.Ordinal);
        foreach (string word in words)
            Assert.Contains(word, line, StringComparison.Ordinal);
    }
}
