namespace FlowPipe.Core.Enqueue;

/// <summary>Names of the tunnels that Core looks into, as <c>sessions.opaqueTunnels</c> takes them.</summary>
public static class TunnelNames
{
    /// <summary>All of them, to be shown.</summary>
    public static string All => string.Join(", ", Array.ConvertAll(BuiltInLayers.Optional, static tunnel => tunnel.Name));

    /// <summary>Whether there is a tunnel of this name.</summary>
    public static bool IsKnown(string name) => Array.Exists(BuiltInLayers.Optional, tunnel => tunnel.Name == name);
}
