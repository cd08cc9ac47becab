namespace FlowPipe.Core.Reading.Live;

/// <summary>What a <see cref="LivePacketReader"/> listens to, and how. Names and defaults are Arkime's where it has them.</summary>
public sealed record LiveReaderSettings
{
    /// <summary>The value of <see cref="PcapReadMethod"/> that stands for libpcap.</summary>
    public const string Libpcap = "libpcap";

    /// <summary>The value of <see cref="PcapReadMethod"/> that stands for rings of packet sockets.</summary>
    public const string PacketRings = "tpacketv3";

    /// <summary>The interfaces, each with its filter where it has one of its own.</summary>
    public IReadOnlyList<string> Interfaces { get; init; } = [];

    /// <summary>Filter for all that have none of their own, run by the kernel; null or empty passes everything.</summary>
    public string? Bpf { get; init; }

    /// <summary>Who takes the packets from the kernel.</summary>
    public string PcapReadMethod { get; init; } = PacketRings;

    /// <summary>Bytes that are taken of a frame; what is longer is cut, and its length on the wire kept.</summary>
    public int SnapLen { get; init; } = 262_144;

    /// <summary>Whether frames for other machines are wanted too.</summary>
    public bool Promisc { get; init; } = true;

    /// <summary>libpcap: bytes of the kernel's buffer.</summary>
    public int PcapBufferSize { get; init; } = 128 << 20;

    /// <summary>Rings: bytes of a block, a multiple of the page's 4,096.</summary>
    public int Tpacketv3BlockSize { get; init; } = 1 << 21;

    /// <summary>Rings: blocks of each.</summary>
    public int Tpacketv3NumBlocks { get; init; } = 64;

    /// <summary>Rings: how many an interface has, each with a thread; the kernel spreads flows over them.</summary>
    public int Tpacketv3NumThreads { get; init; } = 2;

    /// <summary>Rings: number of the first interface's group of rings; each further one has the next.</summary>
    public int Tpacketv3ClusterId { get; init; } = 8005;

    /// <summary>Rings: whether a full one's packets go to another of its group, which spreads a flow.</summary>
    public bool Tpacketv3Rollover { get; init; }

    /// <summary>Packets a batch.</summary>
    public int BatchPackets { get; init; } = 1_024;

    /// <summary>Batches in flight at most, for each ring or handle.</summary>
    public int Batches { get; init; } = 128;

    /// <summary>Bytes a block that packets are copied to.</summary>
    public int BlockBytes { get; init; } = 1 << 20;

    /// <summary>Such blocks in flight at most, for each ring or handle.</summary>
    public int Blocks { get; init; } = 32;

    /// <summary>Where what must outlive a run is kept: the number of the capture.</summary>
    public string StateDir { get; init; } = "";

    /// <summary>Told of what the user should know.</summary>
    public Action<string> Warn { get; init; } = static _ => { };
}
