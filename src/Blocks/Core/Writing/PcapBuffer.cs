namespace FlowPipe.Core.Writing;

/// <summary>A piece of a file, whole packets, on its way to the disk. Pooled.</summary>
public sealed class PcapBuffer
{
    internal PcapBuffer(int partition, int size)
    {
        Partition = partition;
        Bytes = GC.AllocateUninitializedArray<byte>(size);
    }

    /// <summary>Whose packets they are.</summary>
    public int Partition { get; }

    /// <summary>The bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>How many are used.</summary>
    public int Length { get; internal set; }

    /// <summary>Packets in them.</summary>
    public int Packets { get; internal set; }

    /// <summary>The file that they belong to.</summary>
    public PcapFile File { get; internal set; } = null!;

    /// <summary>The file ends with them.</summary>
    public bool EndsFile { get; internal set; }

    /// <summary>When they were appended, as the partition counts (<see cref="WrittenMarks"/>).</summary>
    public long Generation { get; internal set; }

    /// <summary>Nothing else of this generation follows.</summary>
    public bool EndsGeneration { get; internal set; }

    /// <summary>Time of the first packet, nanoseconds since 1970-01-01 UTC.</summary>
    public long FirstNs { get; internal set; }

    /// <summary>Time of the last packet.</summary>
    public long LastNs { get; internal set; }

    internal void Clear()
    {
        Length = Packets = 0;
        EndsFile = EndsGeneration = false;
    }
}
