using System.CommandLine;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Pipeline.Configuration;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe replay</c>: capture files in, records out.</summary>
internal static class ReplayCommand
{
    private const string Examples = """
        flowpipe replay -r my.pcap                                    a table of its sessions
        flowpipe replay -r a.pcap -r b.pcap.gz --to ndjson:out.json   two files (compressed ones too) into one of JSON lines
        flowpipe replay -R captures --recursive --sorted --to avro:sessions.avro
        flowpipe replay -R incoming --monitor --to kafka://localhost:9092/flowpipe.spi.v1   and what is put there later
        tcpdump -i eth0 -w - | flowpipe replay -r - --to ndjson:-
        flowpipe replay -r my.pcap --bpf 'tcp port 443' --to kafka://localhost:9092/flowpipe.spi.v1 --node probe-1 --tag test
        flowpipe replay -r my.pcap --to null: --stats -               nothing but the figures
        """;

    public static Command Create(CommandContext context)
    {
        var files = new Option<string[]>("-r", "--read")
        {
            Description = "Capture file: pcap or pcapng, also compressed with gzip, zstd, lz4 or xz; - is stdin; may be repeated",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
        };
        var folders = new Option<string[]>("-R", "--read-dir")
        {
            Description = "Folder whose capture files are read; may be repeated",
            HelpName = "DIR",
            AllowMultipleArgumentsPerToken = true,
        };
        var command = new FlowPipeCommand("replay", "Read capture files and send one record a session to a sink.", Examples)
        {
            files,
            folders,
        };
        var options = new ConfigOptions(command);
        // For tests and drills: in docs/operations.md, but not among what a user chooses from.
        var simulate = new Option<string[]>("--simulate") { Hidden = true, HelpName = "FAULT" };
        command.Add(simulate);
        command.SetAction(
            async (line, _) =>
            {
                CaptureInput[] inputs =
                [
                    .. (line.GetValue(files) ?? []).Select(static path => new CaptureInput(path)),
                    .. (line.GetValue(folders) ?? []).Select(static path => new CaptureInput(path, IsDirectory: true)),
                ];
                // An option takes every word up to the next one that is known, so a mistyped one would pass for a file.
                foreach (CaptureInput input in inputs)
                    if (input.Path is ['-', _, ..])
                        throw new WrongUsageException(
                            $"there is no option '{input.Path}'; did you mean '{Nearest.Of(input.Path, command.Options.Select(static known => known.Name))}'? "
                                + $"A file of that name is written ./{input.Path}"
                        );
                if (inputs.Length == 0)
                    throw new WrongUsageException("there is nothing to read: give -r FILE, -r - for stdin, or -R DIR");
                if (inputs.Count(static input => input is { Path: CaptureInput.StandardInput, IsDirectory: false }) > 1)
                    throw new WrongUsageException("-r - is given twice: stdin can be read only once");
                FaultSwitch[] faults = [.. (line.GetValue(simulate) ?? []).Select(FaultSwitch.Parse)];
                FlowPipeSettings Load()
                {
                    FlowPipeSettings settings = options.Load(line, context).Settings;
                    return settings with { Sessions = settings.Sessions with { Simulate = faults } };
                }
                FlowPipeSettings inForce = MonitorState.Prepare(Load(), inputs);
                return await new Replay(context, inForce, Load).RunAsync(inputs).ConfigureAwait(false);
            }
        );
        return command;
    }
}
