using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Settings of <c>replay --monitor</c>.</summary>
internal static class MonitorKeys
{
    private const int Day = 86_400;

    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        Truth(
            "reading.monitor",
            s => s.Reading.Monitor.Enabled,
            (s, v) => s with { Reading = s.Reading with { Monitor = s.Reading.Monitor with { Enabled = v } } },
            "Whether folders given with -R are watched for further captures, until a signal ends the run; each is read once, also after a restart",
            "--monitor"
        ),
        Number(
            "reading.monitorSettle",
            0,
            3_600,
            s => s.Reading.Monitor.Settle,
            (s, v) => s with { Reading = s.Reading with { Monitor = s.Reading.Monitor with { Settle = v } } },
            "Seconds that a file in a watched folder must have stayed as it is, once nobody has it open for writing"
        ),
        Number(
            "reading.monitorQuiet",
            1,
            Day,
            s => s.Reading.Monitor.Quiet,
            (s, v) => s with { Reading = s.Reading with { Monitor = s.Reading.Monitor with { Quiet = v } } },
            "The same where it can't be known whether somebody writes to it: files of other users, and on other machines' disks"
        ),
        Number(
            "reading.monitorRescan",
            1,
            Day,
            s => s.Reading.Monitor.Rescan,
            (s, v) => s with { Reading = s.Reading with { Monitor = s.Reading.Monitor with { Rescan = v } } },
            "Seconds after which watched folders are looked through for what no event has told"
        ),
        Number(
            "reading.monitorIdle",
            0,
            30 * Day,
            s => s.Reading.Monitor.Idle,
            (s, v) => s with { Reading = s.Reading with { Monitor = s.Reading.Monitor with { Idle = v } } },
            "Seconds without a further capture after which open sessions end; longer than captures are apart that go on in one another; 0 for never"
        ),
        Text(
            "reading.monitorStateDir",
            "a folder",
            static _ => true,
            s => s.Reading.Monitor.StateDir,
            (s, v) => s with { Reading = s.Reading with { Monitor = s.Reading.Monitor with { StateDir = v } } },
            "Folder for the file that says which captures have been read; empty for $STATE_DIRECTORY, /var/lib/flowpipe or ~/.local/state/flowpipe"
        ),
    ];
}
