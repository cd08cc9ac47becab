using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace FlowPipe.Pipeline.Commands;

/// <summary>A command with examples at the end of its help.</summary>
internal sealed class FlowPipeCommand(string name, string description, string examples) : Command(name, description)
{
    /// <summary>Command lines that work as they stand, with a comment on each.</summary>
    public string Examples => examples;

    /// <summary>More of the help, made when it is asked for.</summary>
    public Action<TextWriter>? MoreHelp { get; init; }
}

/// <summary>The library's help, and then the examples.</summary>
internal sealed class HelpWithExamples(HelpAction help, string rootExamples) : SynchronousCommandLineAction
{
    // Asking for help is never wrong, whatever else the line has or lacks.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int status = help.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command as FlowPipeCommand;
        output.Write("Examples:\n");
        foreach (string line in (command?.Examples ?? rootExamples).Split('\n'))
            output.Write($"  {line}\n");
        output.Write('\n');
        command?.MoreHelp?.Invoke(output);
        return status;
    }
}
