using System.Numerics;
using System.Text;
using Avro.Generic;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

/// <summary>What a store should hold, kept the simple way; fills stores with random values and compares with what Apache.Avro decodes.</summary>
internal sealed class ModelRecord
{
    /// <summary>Records in records, and every type, also inside of them.</summary>
    public const string NestedDictionary =
        "name\tsessions3\tavro\ttype\tflags\thelp\n"
        + "first\tfirstPacket\tfirst\ttime\talways\tfirst\n"
        + "last\tlastPacket\tlast\ttime\talways\tlast\n"
        + "host\tdns.host\tdns_summary.host\tutf8set\tcnt\thosts\n"
        + "ratio\tdns.ratio\tdns_summary.ratio\tdouble\t-\tratio\n"
        + "count\tdns.count\tdns_summary.count\tint\talways default=-1\tcount\n"
        + "query\tquery\tquery\trecordset\tcnt\tqueries\n"
        + "query.name\tquery[].name\tquery[].name\tutf8\t-\tname\n"
        + "query.id\tquery[].meta.id\tquery[].meta.id\tint\talways default=-1\tid\n"
        + "query.rcode\tquery[].meta.rcode\tquery[].meta.rcode\tint\t-\trcode\n"
        + "query.answer\tquery[].answers\tquery[].answers\trecordset\tcnt\tanswers\n"
        + "query.answer.ip\tquery[].answers[].ip\tquery[].answers[].ip\tip\t-\tip\n"
        + "query.answer.ttl\tquery[].answers[].ttl\tquery[].answers[].ttl\tlongset\tcnt\tttl\n"
        + "query.answer.raw\t-\tquery[].answers[].raw\tpacked\t-\traw\n"
        + "query.answer.aa\tquery[].answers[].aa\tquery[].answers[].aa\tbool\t-\taa\n"
        + "query.done\tquery[].done\tquery[].done\tbool\talways\tdone\n"
        + "query.tags\tquery[].tags\tquery[].tags\tutf8set\tecscnt\ttags\n"
        + "query.lines\tquery[].lines\tquery[].lines\tutf8list\tcnt\tlines\n"
        + "after\tafter\tafter\tipset\tcnt\tafter\n"
        + "lines\tlines\tlines\tutf8list\tcnt\tlines\n"
        + "group.records\tgroup.records\tgroup.records\trecordset\t-\trecords in a group\n"
        + "group.records.x\tgroup.records[].x\tgroup.records[].x\tint\t-\tx\n"
        + "extra\textra\textra\tmap\t-\tmap\n";

    private readonly Dictionary<SpiField, List<object>> _values = [];

    private static readonly string[] Texts =
    [
        "",
        "a",
        "GET",
        "é",
        "漢字",
        "🦀",
        "quote\" \\ \u0001\n\u2028",
        new string('x', 127),
        new string('y', 128),
        "00:13:72:c4:f1:e1",
    ];

    /// <summary>Adds random values of the fields of one scope to a store and to the model alike.</summary>
    public void Fill(
        FieldDictionary dictionary,
        SpiFields store,
        Random random,
        int adds,
        SpiField parent = default,
        Func<SpiField, SpiFields>? storeOf = null
    )
    {
        FieldDefinition[] fields = [.. dictionary.Fields.Where(f => f.Parent == parent)];
        for (int i = 0; i < adds; i++)
        {
            SpiField field = fields[random.Next(fields.Length)].Field;
            AddRandom(dictionary, storeOf?.Invoke(field) ?? store, random, field);
        }
    }

    /// <summary>Compares with what Apache.Avro has decoded.</summary>
    public void AssertEqual(FieldDictionary dictionary, GenericRecord actual, SpiField parent = default)
    {
        string prefix = parent.IsNone ? "" : dictionary.Definition(parent).Avro + "[].";
        foreach (FieldDefinition field in dictionary.Fields.Where(f => f.Parent == parent))
        {
            string[] steps = field.Avro[prefix.Length..].Split('.');
            GenericRecord? record = actual;
            for (int i = 0; i < steps.Length - 1 && record is not null; i++)
            {
                record = (GenericRecord?)record[steps[i]];
                string group = $"{prefix}{string.Join('.', steps[..(i + 1)])}.";
                Assert.Equal(
                    _values.Keys.Any(f => dictionary.Definition(f).Avro.StartsWith(group, StringComparison.Ordinal)),
                    record is not null
                );
            }
            if (record is not null)
                AssertField(dictionary, field, record[steps[^1]]);
        }
    }

    private static long RandomLong(Random random) =>
        random.Next(5) switch
        {
            0 => random.Next(-1, 3),
            1 => random.Next(-70, 300),
            2 => random.NextInt64(long.MinValue, long.MaxValue),
            3 => long.MinValue,
            _ => random.Next(int.MinValue, int.MaxValue),
        };

    private static UInt128 RandomIp(Random random) =>
        random.Next(3) switch
        {
            0 => new UInt128(0, 0x0000_FFFF_0000_0000UL | (uint)random.Next()),
            1 => new UInt128((ulong)random.Next(2) << 48, (ulong)random.Next(3) << 32),
            _ => new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64()),
        };

    private static bool AddUnique(List<object> values, object value)
    {
        if (values.Contains(value))
            return false;
        values.Add(value);
        return true;
    }

    private static string Text(UInt128 address)
    {
        Span<byte> bytes = stackalloc byte[16];
        ((IBinaryInteger<UInt128>)address).WriteBigEndian(bytes);
        var parsed = new System.Net.IPAddress(bytes);
        return (parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed).ToString();
    }

    private void AddRandom(FieldDictionary dictionary, SpiFields store, Random random, SpiField field)
    {
        List<object> values = _values.TryGetValue(field, out List<object>? found) ? found : [];
        long number = RandomLong(random);
        string text = Texts[random.Next(Texts.Length)] + (random.Next(3) == 0 ? random.Next(50).ToString() : "");
        UInt128 address = RandomIp(random);
        switch (field.Type)
        {
            case SpiType.Int or SpiType.IntSet when number != (int)number:
                Assert.False(store.Add(field, number));
                break;
            case SpiType.Long when dictionary.Definition(field).TypeName == "time":
                number = random.Next();
                Assert.True(store.Add(field, number));
                values = [number];
                break;
            case SpiType.Long or SpiType.Int:
                Assert.True(store.Add(field, number));
                values = [number];
                break;
            case SpiType.LongSet or SpiType.IntSet:
                Assert.Equal(AddUnique(values, number), store.Add(field, number));
                break;
            case SpiType.Bool:
                Assert.True(store.Add(field, number & 1));
                values = [(number & 1) != 0];
                break;
            case SpiType.Double:
                double real = random.NextDouble() - 0.5;
                Assert.True(store.Add(field, real));
                values = [real];
                break;
            case SpiType.Utf8:
                Assert.True(store.Add(field, Encoding.UTF8.GetBytes(text)));
                values = [text];
                break;
            case SpiType.Utf8Set:
                Assert.Equal(values.Contains(text), store.Contains(field, Encoding.UTF8.GetBytes(text)));
                Assert.Equal(AddUnique(values, text), store.Add(field, Encoding.UTF8.GetBytes(text)));
                break;
            case SpiType.Utf8List:
                Assert.Equal(values.Contains(text), store.Contains(field, Encoding.UTF8.GetBytes(text)));
                Assert.True(store.Add(field, Encoding.UTF8.GetBytes(text)));
                values.Add(text);
                break;
            case SpiType.Ip:
                Assert.True(store.AddIp(field, address));
                values = [Text(address)];
                break;
            case SpiType.IpSet:
                Assert.Equal(AddUnique(values, Text(address)), store.AddIp(field, address));
                break;
            case SpiType.Packed:
                bool ints = dictionary.Definition(field).TypeName == "packedint";
                long[] list = [.. Enumerable.Range(0, random.Next(4)).Select(_ => ints ? random.Next() : RandomLong(random))];
                Assert.Equal(list.Length > 0, store.AddPacked(field, list.Length, Pack(list)));
                values = [.. list.Cast<object>()];
                break;
            case SpiType.Map:
                string key = "k" + random.Next(4);
                Assert.True(store.AddEntry(field, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text)));
                values.RemoveAll(v => ((KeyValuePair<string, string>)v).Key == key);
                values.Add(KeyValuePair.Create(key, text));
                break;
            case SpiType.RecordSet:
                var inner = new ModelRecord();
                store.Begin(field);
                inner.Fill(dictionary, store, random, random.Next(6), field);
                bool keep = inner._values.Count > 0;
                Assert.Equal(keep, store.End(field));
                if (keep)
                    values.Add(inner);
                break;
        }
        if (values.Count > 0)
            _values[field] = values;
        else
            _values.Remove(field);
        Assert.Equal(values.Count > 0, store.Has(field));
    }

    /// <summary>Zigzag varints by the specification's words, not by the code under test.</summary>
    public static byte[] Pack(params IEnumerable<long> values)
    {
        List<byte> bytes = [];
        foreach (long value in values)
        {
            var rest = value >= 0 ? 2 * (BigInteger)value : (-2 * (BigInteger)value) - 1;
            for (; rest >= 128; rest /= 128)
                bytes.Add((byte)((int)(rest % 128) + 128));
            bytes.Add((byte)rest);
        }
        return [.. bytes];
    }

    private void AssertField(FieldDictionary dictionary, FieldDefinition definition, object? actual)
    {
        List<object> values = _values.TryGetValue(definition.Field, out List<object>? found) ? found : [];
        switch (definition.Field.Type)
        {
            case SpiType.Long when actual is DateTime time:
                Assert.Equal(values.Count > 0 ? values[0] : 0L, new DateTimeOffset(time).ToUnixTimeMilliseconds());
                break;
            case SpiType.Long or SpiType.Int:
                Assert.Equal(values.Count > 0 ? (long)values[0] : definition.Default, Convert.ToInt64(actual));
                break;
            case SpiType.Bool:
                Assert.Equal(values.Count > 0 ? values[0] : false, actual);
                break;
            case SpiType.Double:
                Assert.Equal(values.Count > 0 ? values[0] : 0.0, actual);
                break;
            case SpiType.Utf8 or SpiType.Ip:
                Assert.Equal(values.Count > 0 ? values[0] : "", actual);
                break;
            case SpiType.Map:
                var entries = (IDictionary<string, object>)actual!;
                Assert.Equal(
                    values.Cast<KeyValuePair<string, string>>().OrderBy(e => e.Key, StringComparer.Ordinal),
                    entries.Select(e => KeyValuePair.Create(e.Key, (string)e.Value)).OrderBy(e => e.Key, StringComparer.Ordinal)
                );
                break;
            case SpiType.RecordSet:
                var records = (object[])actual!;
                Assert.Equal(values.Count, records.Length);
                for (int i = 0; i < records.Length; i++)
                    ((ModelRecord)values[i]).AssertEqual(dictionary, (GenericRecord)records[i], definition.Field);
                break;
            default:
                Assert.Equal(values, ((Array)actual!).Cast<object>().Select(v => v is int number ? (long)number : v));
                break;
        }
    }
}
