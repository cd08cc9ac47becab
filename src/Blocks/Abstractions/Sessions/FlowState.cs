namespace FlowPipe.Abstractions;

/// <summary>How far a session has come, as Suricata tells them apart.</summary>
public enum FlowState : byte
{
    /// <summary>Only one side has sent anything.</summary>
    New,

    /// <summary>Both sides have.</summary>
    Established,

    /// <summary>It is over and waits for stragglers.</summary>
    Closed,
}
