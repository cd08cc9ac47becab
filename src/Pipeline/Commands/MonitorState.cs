using System.Security.Cryptography;
using System.Text;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Reading.Live;
using FlowPipe.Core.Reading.Monitoring;
using FlowPipe.Pipeline.Configuration;

namespace FlowPipe.Pipeline.Commands;

/// <summary>Checks what <c>--monitor</c> goes with, and says which file knows what has been read.</summary>
internal static class MonitorState
{
    /// <summary>The settings for the monitored folders; those given where none are.</summary>
    /// <exception cref="WrongUsageException">What was asked for makes no sense together.</exception>
    public static FlowPipeSettings Prepare(FlowPipeSettings settings, IReadOnlyList<CaptureInput> inputs)
    {
        MonitorSettings monitor = settings.Reading.Monitor;
        if (!monitor.Enabled)
            return settings;
        foreach (CaptureInput input in inputs)
        {
            if (!input.IsDirectory)
                throw new WrongUsageException($"--monitor watches folders: leave out -r {input.Path}, or read it by a run of its own");
        }
        if (settings.ExactlyOnce.Enabled)
            throw new WrongUsageException(
                "--exactly-once reads all inputs again after a restart, and --monitor never comes to the end of its: leave out one of them; "
                    + "--monitor alone delivers each record at least once"
            );
        string path = Path.Combine(
            monitor.StateDir.Length > 0 ? monitor.StateDir : CaptureEpoch.DefaultDirectory(),
            $"monitor-{NameOf(settings, inputs)}"
        );
        RefuseToEmpty(settings, path);
        return settings with
        {
            Reading = settings.Reading with { Monitor = monitor with { StateFile = path, SaysWarningsOnly = settings.Stats.Quiet } },
        };
    }

    /// <summary>What is read once for one topic is still to be read for another.</summary>
    private static string NameOf(FlowPipeSettings settings, IReadOnlyList<CaptureInput> inputs)
    {
        var text = new StringBuilder(settings.Records.Node);
        foreach (CaptureInput input in inputs)
            text.Append('\n').Append(Path.TrimEndingDirectorySeparator(Path.GetFullPath(input.Path)));
        foreach (string sink in settings.To)
        {
            // Brokers come and go, and options are no other place.
            string place = sink.Split('?')[0];
            text.Append('\n')
                .Append(place.StartsWith("kafka:", StringComparison.Ordinal) ? "kafka:" + place[place.LastIndexOf('/')..] : place);
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8));
    }

    /// <summary>A file sink begins with an empty file: what an earlier run wrote would be gone, and not be made again.</summary>
    private static void RefuseToEmpty(FlowPipeSettings settings, string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
            return;
        foreach (string sink in settings.To)
        {
            int colon = sink.IndexOf(':', StringComparison.Ordinal);
            if (sink[..colon] is not ("avro" or "ndjson"))
                continue;
            string file = sink[(colon + 1)..].Split('?')[0];
            // Nothing is lost in a pipe, or in /dev/null.
            if (FileStatus.Of(file) is { Kind: FileKind.Regular, Size: > 0 })
                throw new WrongUsageException(
                    $"--to {sink} would empty {file}, and the captures that its records were made of have been read ({path} says so): "
                        + "move it away, or remove that file to have all read again"
                );
        }
    }
}
