namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>How folders are watched for further captures. Times are those of the wall clock, in seconds.</summary>
public sealed record MonitorSettings
{
    /// <summary>Whether they are.</summary>
    public bool Enabled { get; init; }

    /// <summary>How long a file must have stayed as it is, once nobody writes to it.</summary>
    public int Settle { get; init; } = 1;

    /// <summary>The same where it can't be known whether somebody writes to it.</summary>
    public int Quiet { get; init; } = 30;

    /// <summary>How often folders are looked through, for what no event has told.</summary>
    public int Rescan { get; init; } = 10;

    /// <summary>After how long without a capture sessions end; 0 for never.</summary>
    public int Idle { get; init; } = 600;

    /// <summary>How often it is asked which files are done with, while they follow one another.</summary>
    public int Settled { get; init; } = 10;

    /// <summary>Whether nothing is said but warnings.</summary>
    public bool SaysWarningsOnly { get; init; }

    /// <summary>Folder of the file that says what has been read; empty for the usual place.</summary>
    public string StateDir { get; init; } = "";

    /// <summary>That file; what has been read is known for as long as the run lasts when it is empty.</summary>
    public string StateFile { get; init; } = "";
}
