namespace FlowPipe.Core.Graph;

/// <summary>A block failed, and the run with it.</summary>
public sealed class BlockFaultException(string block, Exception cause) : Exception($"{block}: {cause.Message}", cause)
{
    /// <summary>The block that failed first.</summary>
    public string Block => block;
}
