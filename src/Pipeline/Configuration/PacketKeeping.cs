using FlowPipe.Core.Writing;
using FlowPipe.Pipeline.Commands;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>What <c>writer.pcapWriteMethod</c> means for a command.</summary>
internal static class PacketKeeping
{
    /// <summary>The settings with the method that the run has.</summary>
    /// <exception cref="WrongUsageException">There is no folder for packets, or no capture to point into.</exception>
    public static FlowPipeSettings Decide(FlowPipeSettings settings, bool isLive, Action<string> warn)
    {
        WriterSettings writer = settings.Writer;
        string method = writer.PcapWriteMethod;
        if (method == WriterSettings.Auto)
            method =
                !isLive ? WriterSettings.Inplace
                : writer.PcapDir.Count > 0 ? WriterSettings.Simple
                : WriterSettings.Null;
        if (method == WriterSettings.Inplace && isLive)
            throw new WrongUsageException(
                "writer.pcapWriteMethod=inplace is for replays: what comes from an interface is in no file; set simple and a pcapDir, or null"
            );
        if (method == WriterSettings.Simple && writer.PcapDir.Count == 0)
            throw new WrongUsageException("writer.pcapWriteMethod=simple needs a folder for the packets: give --pcap-dir DIR");
        return settings with
        {
            Writer = writer with { PcapWriteMethod = method, IsLive = isLive, Node = settings.Records.Node, Warn = warn },
            Records = settings.Records with { Positions = settings.Records.Positions && method != WriterSettings.Null },
        };
    }
}
