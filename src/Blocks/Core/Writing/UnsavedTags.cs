namespace FlowPipe.Core.Writing;

/// <summary>What a record is tagged with when not all of its packets are on disk.</summary>
public static class UnsavedTags
{
    /// <summary>The disk was too far behind; Arkime's name for it.</summary>
    public static ReadOnlySpan<byte> Behind => "pcap-disk-overload"u8;

    /// <summary>The disk refused them.</summary>
    public static ReadOnlySpan<byte> Refused => "pcap-disk-error"u8;
}
