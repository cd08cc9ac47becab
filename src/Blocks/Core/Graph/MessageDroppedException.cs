namespace FlowPipe.Core.Graph;

/// <summary>
/// Stands for an <see cref="OperationCanceledException"/> that came out of a block's work: Dataflow takes that for a wish, drops the message and
/// goes on as if nothing had been (STYLE section 3, row 4). Nobody cancels a message here, so it is a fault like any other.
/// </summary>
public sealed class MessageDroppedException(OperationCanceledException cause) : Exception(cause.Message, cause);
