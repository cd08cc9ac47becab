namespace FlowPipe.Core.Reading.Live;

/// <summary>What is said where an interface can't be opened.</summary>
internal static class LiveErrors
{
    public static FlowPipeException NoPermission(string name) =>
        new(
            $"{name} can't be opened: CAP_NET_RAW is missing: start as root with dropUser set, or give it with "
                + "'setcap cap_net_raw,cap_net_admin+ep' to the executable or AmbientCapabilities= in a systemd unit"
        );
}
