using System.Buffers.Binary;

namespace FlowPipe.Schemas;

/// <summary>
/// Encodes a record in Avro's binary form (specification 1.12, "Binary encoding"), straight from the values. One per partition: it keeps
/// scratch memory and is not safe for several threads.
/// </summary>
public sealed class SpiRecordEncoder
{
    private const long RecordBranch = 1;

    private readonly FieldScope _root;
    private readonly EntryChains _chains;

    /// <summary>Makes an encoder of the dictionary's schema.</summary>
    public SpiRecordEncoder(FieldDictionary? dictionary = null)
    {
        dictionary ??= FieldDictionary.Default;
        _root = dictionary.Root;
        _chains = new EntryChains(dictionary.Fields.Count);
    }

    /// <summary>Encodes the record whose values lie in two stores with no field in common: the core's and the session's.</summary>
    /// <returns>False when the destination is too small; nothing counts as written then.</returns>
    public bool TryEncode(SpiFields core, SpiFields session, Span<byte> destination, out int written)
    {
        var writer = new AvroWriter(destination);
        _chains.Open(core, session);
        WriteRecord(_root, ref writer);
        _chains.Close();
        written = writer.Failed ? 0 : writer.Written;
        return !writer.Failed;
    }

    /// <summary>Writes the fields that have values, and between them what stands for the absent ones, a run of them at a time.</summary>
    private void WriteRecord(FieldScope scope, ref AvroWriter writer)
    {
        FieldNode[] nodes = scope.Frozen;
        int[] starts = scope.DefaultStart;
        int written = 0;
        int next = scope.First;
        while (next <= scope.Last && _chains.NextPresent(next, scope.Last) is var field and not 0)
        {
            int i = scope.NodeOf[field - scope.First];
            FieldNode node = nodes[i];
            if (i > written)
                writer.Raw(scope.Defaults.AsSpan(starts[written], starts[i] - starts[written]));
            if (node.IsGroup)
            {
                writer.Long(RecordBranch);
                WriteRecord(node.Scope!, ref writer);
            }
            else
            {
                WriteField(node, ref writer);
            }
            written = i + 1;
            next = node.Last + 1;
        }
        writer.Raw(scope.Defaults.AsSpan(starts[written]));
    }

    private void WriteField(FieldNode node, ref AvroWriter writer)
    {
        int field = node.First;
        switch (node.Type)
        {
            case SpiType.Long:
            case SpiType.Int:
                writer.Long(BinaryPrimitives.ReadInt64LittleEndian(_chains.Payload(field)));
                break;
            case SpiType.Bool:
            case SpiType.Double:
                writer.Raw(_chains.Payload(field));
                break;
            case SpiType.Utf8:
                writer.Utf8(_chains.Payload(field));
                break;
            case SpiType.Ip:
                writer.Ip(_chains.Payload(field));
                break;
            case SpiType.Packed:
                WritePacked(_chains.Payload(field), ref writer);
                break;
            default:
                WriteBlocks(node, ref writer);
                break;
        }
    }

    /// <summary>One block with all items, and the empty block that ends an array or map.</summary>
    private void WriteBlocks(FieldNode node, ref AvroWriter writer)
    {
        writer.Long(_chains.Count(node.First));
        EntryChains.Values values = _chains.Of(node.First);
        while (values.MoveNext())
        {
            switch (node.Type)
            {
                case SpiType.LongSet:
                case SpiType.IntSet:
                    writer.Raw(values.Current.Payload);
                    break;
                case SpiType.Utf8Set:
                    writer.Utf8(values.Current.Payload);
                    break;
                case SpiType.IpSet:
                    writer.Ip(values.Current.Payload);
                    break;
                case SpiType.Map:
                    writer.Utf8(SpiEntry.MapKey(values.Current.Payload, out ReadOnlySpan<byte> value));
                    writer.Utf8(value);
                    break;
                case SpiType.RecordSet:
                    int mark = _chains.Enter(values.Place);
                    WriteRecord(node.Scope!, ref writer);
                    _chains.Leave(mark, node.Scope!);
                    break;
                default:
                    throw new InvalidOperationException($"{node.Definition!.Name} is not a set.");
            }
        }
        writer.Long(0);
    }

    private static void WritePacked(ReadOnlySpan<byte> payload, ref AvroWriter writer)
    {
        int at = 0;
        long count = (long)Varint.Read(payload, ref at);
        writer.Long(count);
        writer.Raw(payload[at..]);
        writer.Long(0);
    }
}
