using System.Text;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

/// <summary>A record in which every field of the dictionary has a value, and no two the same.</summary>
internal static class FullRecord
{
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;

    /// <summary>A value that no other field has.</summary>
    public static long Number(FieldDefinition field) => 1_500_000_000 + (field.Field.Number * 7919);

    public static UInt128 Address(FieldDefinition field) => new(0x2001_0DB8_0000_0000, (ulong)Number(field));

    public static byte[] Text(FieldDefinition field) => Encoding.ASCII.GetBytes($"<{field.Name}>");

    /// <summary>Gives every field of the default dictionary its value.</summary>
    public static void Fill(SpiRow row, SpiFields session)
    {
        foreach (FieldDefinition field in Dictionary.Fields.Where(f => f.Parent.IsNone))
        {
            // what has a slot goes into the row for every second field, as the core's values do
            bool slot = field.Field.Number % 2 == 0;
            if (slot && field.Field.Type is SpiType.Long or SpiType.Int)
                row.Set(field.Field, Number(field));
            else if (slot && field.Field.Type == SpiType.Utf8)
                row.Set(field.Field, Text(field));
            else if (slot && field.Field.Type == SpiType.Ip)
                row.SetIp(field.Field, Address(field));
            else
                Fill(field.Group is "packet_pos" or "general" ? row.Lists : session, field);
        }
    }

    private static void Fill(SpiFields store, FieldDefinition field)
    {
        switch (field.Field.Type)
        {
            case SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List:
                store.Add(field.Field, Text(field));
                break;
            case SpiType.Ip or SpiType.IpSet:
                store.AddIp(field.Field, Address(field));
                break;
            case SpiType.Map:
                store.AddEntry(field.Field, "name"u8, Text(field));
                break;
            case SpiType.Packed:
                store.AddPacked(field.Field, 1, ModelRecord.Pack(Number(field)));
                break;
            case SpiType.RecordSet:
                store.Begin(field.Field);
                foreach (FieldDefinition inside in Dictionary.Fields.Where(f => f.Parent == field.Field))
                    Fill(store, inside);
                store.End(field.Field);
                break;
            default:
                store.Add(field.Field, Number(field));
                break;
        }
    }
}
