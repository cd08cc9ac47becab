using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace FlowPipe.Schemas;

/// <summary>
/// Encodes a record in Avro's binary form (specification 1.12, "Binary encoding"), straight from the values. One per partition: it keeps
/// scratch memory and is not safe for several threads.
/// </summary>
public sealed class SpiRecordEncoder
{
    private const byte RecordBranch = 1 << 1; // zigzag of 1: the second branch of ["null", record]

    private readonly FieldScope _root;
    private readonly EntryChains _chains;

    /// <summary>Makes an encoder of the dictionary's schema.</summary>
    public SpiRecordEncoder(FieldDictionary? dictionary = null)
    {
        dictionary ??= FieldDictionary.Default;
        _root = dictionary.Root;
        _chains = new EntryChains(dictionary.Fields.Count);
    }

    /// <summary>Encodes the record whose values lie in a row and in a session's store, with no field in common.</summary>
    /// <returns>False when the destination is too small; nothing counts as written then.</returns>
    public bool TryEncode(SpiRow row, SpiFields session, Span<byte> destination, out int written)
    {
        var writer = new AvroWriter(destination);
        _chains.Open(row, session);
        WriteRecord(_root, row, ref writer);
        written = writer.Failed ? 0 : destination.Length - writer.Left;
        return !writer.Failed;
    }

    /// <summary>Writes the fields that have values, and between them what stands for the absent ones, a run of them at a time.</summary>
    [MethodImpl(HotPath.Options)]
    private void WriteRecord(FieldScope scope, SpiRow row, ref AvroWriter writer)
    {
        FieldStep[] steps = scope.Steps;
        ReadOnlySpan<byte> defaults = scope.Defaults;
        int first = scope.First;
        int last = scope.Last;
        int passed = 0;
        int next = first;
        while (next <= last && _chains.NextPresent(next, last) is var field and not 0)
        {
            ref readonly FieldStep step = ref steps[field - first];
            if (step.DefaultStart != passed)
                writer.Raw(defaults[passed..step.DefaultStart]);
            passed = step.DefaultEnd;
            if (step.Group is { } group)
            {
                writer.Byte(RecordBranch);
                WriteRecord(group, row, ref writer);
            }
            else if (row.Has(field))
            {
                // most of what a row holds, and all that is needed for it
                if (step.Type is SpiType.Long or SpiType.Int)
                    writer.Long(row.Long(field));
                else
                    WriteSlot(step.Type, field, row, ref writer);
            }
            else if (SpiField.IsSingle(step.Type))
            {
                WriteSingle(step.Type, _chains.Payload(field), ref writer);
            }
            else
            {
                WriteBlocks(in step, field, row, ref writer);
            }
            next = step.Last + 1;
        }
        writer.Raw(defaults[passed..]);
    }

    private static void WriteSlot(SpiType type, int field, SpiRow row, ref AvroWriter writer)
    {
        switch (type)
        {
            case SpiType.Bool:
                writer.Byte(row.Long(field) == 0 ? (byte)0 : (byte)1);
                break;
            case SpiType.Double:
                writer.Double(row.Double(field));
                break;
            case SpiType.Utf8:
                writer.Utf8(row.Utf8(field));
                break;
            default:
                WriteIp(row.Ip(field), ref writer);
                break;
        }
    }

    private static void WriteIp(UInt128 ip, ref AvroWriter writer)
    {
        Span<byte> address = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(address, ip);
        writer.Ip(address);
    }

    private static void WriteSingle(SpiType type, ReadOnlySpan<byte> payload, ref AvroWriter writer)
    {
        switch (type)
        {
            case SpiType.Long:
            case SpiType.Int:
                writer.Long(BinaryPrimitives.ReadInt64LittleEndian(payload));
                break;
            case SpiType.Bool:
            case SpiType.Double:
                writer.Raw(payload);
                break;
            case SpiType.Utf8:
                writer.Utf8(payload);
                break;
            case SpiType.Ip:
                writer.Ip(payload);
                break;
            default:
                WritePacked(payload, ref writer);
                break;
        }
    }

    /// <summary>One block with all items, and the empty block that ends an array or map.</summary>
    [MethodImpl(HotPath.Options)]
    private void WriteBlocks(in FieldStep step, int field, SpiRow row, ref AvroWriter writer)
    {
        writer.Long(_chains.Count(field));
        EntryChains.Values values = _chains.Of(field);
        while (values.MoveNext())
        {
            if (step.Record is { } record)
            {
                int mark = _chains.Enter(values.Place);
                WriteRecord(record, row, ref writer);
                _chains.Leave(mark, record);
            }
            else
            {
                WriteItem(step.Type, values.Payload, ref writer);
            }
        }
        writer.Byte(0);
    }

    private static void WriteItem(SpiType type, ReadOnlySpan<byte> payload, ref AvroWriter writer)
    {
        switch (type)
        {
            case SpiType.LongSet:
            case SpiType.IntSet:
                writer.Raw(payload);
                break;
            case SpiType.Utf8Set:
            case SpiType.Utf8List:
                writer.Utf8(payload);
                break;
            case SpiType.IpSet:
                writer.Ip(payload);
                break;
            default:
                writer.Utf8(SpiEntry.MapKey(payload, out ReadOnlySpan<byte> value));
                writer.Utf8(value);
                break;
        }
    }

    private static void WritePacked(ReadOnlySpan<byte> payload, ref AvroWriter writer)
    {
        int at = 0;
        long count = (long)Varint.Read(payload, ref at);
        writer.Long(count);
        writer.Raw(payload[at..]);
        writer.Byte(0);
    }
}
