namespace FlowPipe.Core.Privileges;

/// <summary>Who a capture is once its interfaces are open. Names are Arkime's.</summary>
public sealed record PrivilegeSettings
{
    /// <summary>User to become; empty to stay who it is.</summary>
    public string DropUser { get; init; } = "";

    /// <summary>Group to become; empty for the user's own.</summary>
    public string DropGroup { get; init; } = "";

    /// <summary>Whether it may go on as root.</summary>
    public bool AllowRoot { get; init; }
}
