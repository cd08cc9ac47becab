using FlowPipe.Abstractions;
using FlowPipe.Core.Overload;

namespace FlowPipe.Core.Messages;

/// <summary>
/// What goes from a reader to enqueue: packets of one block, in the order in which they came. Enqueue decodes them and sorts them by partition;
/// each partition then holds one slice of it, and the last to finish returns batch and block to their pools.
/// </summary>
public sealed class PacketBatch
{
    /// <summary><see cref="TickNs"/> of a reader that has ended while others go on.</summary>
    public const long NoMorePackets = long.MaxValue;

    private readonly Action<PacketBatch>? _recycle;
    private int _slices;

    /// <summary>Sent once, after the last packet of the run: enqueue makes the final barrier of it.</summary>
    public static PacketBatch End { get; } = new(0, null);

    /// <summary>Sent instead of <see cref="End"/> when reading was stopped before the end of the inputs.</summary>
    public static PacketBatch Stopped { get; } = new(0, null);

    /// <param name="capacity">Packets that it has room for.</param>
    /// <param name="recycle">Where it goes when its last slice is done.</param>
    public PacketBatch(int capacity, Action<PacketBatch>? recycle)
    {
        Records = new PacketRecord[capacity];
        Sorted = new PacketRecord[capacity];
        _recycle = recycle;
    }

    /// <summary>Where the packets' bytes are; the batch has borrowed it once.</summary>
    public PacketBlock? Block;

    /// <summary>What the packets were read from; one source a batch.</summary>
    public PacketSource? Source;

    /// <summary>Which reader sends it; each of its packets says so too.</summary>
    public byte ReaderId;

    /// <summary>
    /// A reader's word that nothing earlier comes from it, nanoseconds since 1970-01-01 UTC; 0 where it says nothing. What has no packets but this
    /// is a tick.
    /// </summary>
    public long TickNs;

    /// <summary>Sent instead of packets: the reader asks how far it is done with.</summary>
    public Milestone? Milestone { get; init; }

    /// <summary>What was lost on this reader's way so far, as the reader says.</summary>
    internal LostPackets LostByReader;

    /// <summary>What was lost on all ways so far, as enqueue says.</summary>
    internal LostPackets Lost;

    /// <summary>The packets as they came.</summary>
    public PacketRecord[] Records;

    /// <summary>How many there are.</summary>
    public int Count;

    /// <summary>Those that go to sessions, by partition, in the order in which they came inside each.</summary>
    public PacketRecord[] Sorted;

    /// <summary>Where each slice's packets begin in <see cref="Sorted"/>; one more entry for the end.</summary>
    public int[] SliceStart = [];

    /// <summary>One slice a partition, made once: enqueue returns this array. Twice as many where a commit point cuts the batch.</summary>
    public PartitionMessage[] Slices = [];

    /// <summary>The datagrams that enqueue has made of fragments, which end with a packet of this batch.</summary>
    public OwnedDatagrams Owned { get; } = new();

    /// <summary>The frame of a packet of this batch.</summary>
    public ReadOnlySpan<byte> Frame(in PacketRecord record) =>
        record.Owned == 0 ? Block!.Slice(record.DataOffset, record.CapturedLength) : Owned.Frame(in record);

    /// <summary>How many packets a record stands for: those that its datagram came in, or itself.</summary>
    public int PacketsOf(in PacketRecord record) => record.Owned == 0 ? 1 : Owned.PacketsOf(in record).Length;

    /// <summary>Makes room for the slices of so many partitions and hands each of them one, or a second one for what lies behind a cut.</summary>
    public void Share(int partitions, bool isCut = false)
    {
        int slices = isCut ? 2 * partitions : partitions;
        if (Slices.Length != slices)
        {
            Slices = new PartitionMessage[slices];
            SliceStart = new int[slices + 1];
            for (int slice = 0; slice < slices; slice++)
            {
                Slices[slice] = new PartitionSlice
                {
                    Partition = slice % partitions,
                    Batch = this,
                    Number = slice,
                };
            }
        }
        Volatile.Write(ref _slices, slices);
    }

    /// <summary>A partition is done with its slice.</summary>
    public void SliceDone()
    {
        if (Interlocked.Decrement(ref _slices) == 0)
            Recycle();
    }

    /// <summary>Gives back the block and the batch, when nobody holds a slice.</summary>
    public void Recycle()
    {
        Owned.Clear();
        Block?.Release();
        Block = null;
        Source = null;
        Count = 0;
        TickNs = 0;
        _recycle?.Invoke(this);
    }
}
