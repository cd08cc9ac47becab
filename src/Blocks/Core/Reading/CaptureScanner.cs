using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Reading;

/// <summary>Why a scan ended.</summary>
internal enum ScanResult
{
    /// <summary>The bytes at the position are the beginning of something whose rest has not been read.</summary>
    NeedBytes,

    /// <summary>The batch has no room left.</summary>
    BatchFull,

    /// <summary>The bytes at the position can't be what they should be: <see cref="CaptureScanner.Damage"/> says why.</summary>
    Damaged,
}

/// <summary>The part of a source that is in memory: <see cref="Position"/> to <see cref="End"/> of a block is unread.</summary>
internal sealed class ScanWindow
{
    /// <summary>The block that holds it.</summary>
    public BufferBlock? Block;

    /// <summary>First byte that has not been scanned.</summary>
    public int Position;

    /// <summary>End of what has been read.</summary>
    public int End;

    /// <summary>Where the block's first byte is in the source, decompressed.</summary>
    public long Origin;

    /// <summary>Where in the source <see cref="Position"/> is.</summary>
    public long Offset => Origin + Position;

    /// <summary>What has been read and not scanned.</summary>
    public ReadOnlySpan<byte> Unread => Block is null ? default : Block.Bytes.AsSpan(Position..End);
}

/// <summary>Finds the packets of one capture in the bytes that a reader has in memory.</summary>
internal abstract class CaptureScanner(PacketFilter? filter, byte readerId)
{
    /// <summary>Applied to each packet; null passes all.</summary>
    protected PacketFilter? Filter { get; } = filter;

    /// <summary>Goes into each record.</summary>
    protected byte ReaderId { get; } = readerId;

    /// <summary>Identifies the capture once its first packet has been scanned.</summary>
    public SourceFingerprint Fingerprint { get; } = new();

    /// <summary>What is wrong at the window's position, after <see cref="ScanResult.Damaged"/>.</summary>
    public string Damage { get; protected set; } = "";

    /// <summary>Packets that the filter left out.</summary>
    public long Filtered { get; protected set; }

    /// <summary>Whether the capture may end where the window's position is, when nothing is left unread.</summary>
    public virtual bool AtBoundary => true;

    /// <summary>Appends packets to the batch, and moves the window's position past them.</summary>
    public abstract ScanResult Scan(ScanWindow window, PacketBatch batch);
}
