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
}
