namespace FlowPipe.Core.Emitting.DeadLetters;

/// <summary>Where records go that can't be delivered for a reason of their own or of their topic.</summary>
public sealed record DeadLetterSettings
{
    /// <summary>Topic for them; empty for none.</summary>
    public string Topic { get; init; } = "flowpipe.dlq.v1";

    /// <summary>Directory of the file that takes those which the topic does not; empty for none.</summary>
    public string Dir { get; init; } = "";

    /// <summary>Bytes that the file may have.</summary>
    public long MaxBytes { get; init; } = 256L << 20;
}
