using FlowPipe.Core;

namespace FlowPipe.Pipeline.Commands;

/// <summary>What the process tells its caller.</summary>
internal static class ExitStatus
{
    /// <summary>Done, and every record delivered.</summary>
    public const int Done = 0;

    /// <summary>Failed, or something was not delivered or could not be read to its end.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong; nothing was begun.</summary>
    public const int WrongUsage = 2;
}

/// <summary>The command line or the configuration is wrong: the message says what, and what would be right.</summary>
internal sealed class WrongUsageException(string message) : Exception(message)
{
    /// <summary>What was given on the command line, parsed: where that fails, the usage is wrong.</summary>
    public static T From<T>(Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (FlowPipeException e)
        {
            throw new WrongUsageException(e.Message);
        }
    }
}
