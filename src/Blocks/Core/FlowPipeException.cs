namespace FlowPipe.Core;

/// <summary>
/// Something that its user can mend: the message names the file, offset or setting and says what to do. Shown without a stack trace.
/// </summary>
public sealed class FlowPipeException : Exception
{
    public FlowPipeException(string message)
        : base(message) { }

    public FlowPipeException(string message, Exception inner)
        : base(message, inner) { }

    /// <summary>Whether what the user asked for is itself wrong, a filter or a setting: known before any packet is read.</summary>
    public bool IsWrongUsage { get; init; }
}
