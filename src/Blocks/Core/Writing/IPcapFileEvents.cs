namespace FlowPipe.Core.Writing;

/// <summary>Is told of each file's life. Called by the writer, one call at a time.</summary>
public interface IPcapFileEvents
{
    /// <summary>The first piece of it is on disk.</summary>
    void Opened(PcapFile file, PcapFileSize size);

    /// <summary>Nothing will be added to it.</summary>
    void Closed(PcapFile file, PcapFileSize size);

    /// <summary>It was removed, to make room.</summary>
    /// <param name="id">Its name without folder and ending.</param>
    /// <param name="fullName">Where it was.</param>
    /// <param name="bytes">What it took on disk.</param>
    void Removed(string id, string fullName, long bytes);
}

/// <summary>What is in a file.</summary>
/// <param name="Packets">Packets.</param>
/// <param name="Bytes">Bytes of them with their headers, before compression.</param>
/// <param name="DiskBytes">Bytes on disk.</param>
/// <param name="FirstNs">Time of the first packet, nanoseconds since 1970-01-01 UTC; 0 when there is none.</param>
/// <param name="LastNs">Time of the last packet.</param>
/// <param name="IsCut">Whether packets that were meant for it were lost, as the disk refused them.</param>
public readonly record struct PcapFileSize(long Packets, long Bytes, long DiskBytes, long FirstNs, long LastNs, bool IsCut);
