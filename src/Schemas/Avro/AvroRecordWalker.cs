using System.Text.Json;

namespace FlowPipe.Schemas;

/// <summary>
/// Finds where a record that is encoded in Avro's binary form ends, and where some of its top fields lie in it, without decoding the rest: the
/// schema is turned into steps once, and a record is then walked by them. Data and schema may come from anybody. Not safe for several threads.
/// </summary>
public sealed class AvroRecordWalker
{
    /// <summary>Records inside each other that are followed; a schema that contains itself has no bound of its own.</summary>
    private const int DepthMax = 64;

    private readonly Dictionary<string, Step> _named = new(StringComparer.Ordinal);
    private readonly Step[] _fields;
    private readonly int[] _wanted;

    /// <param name="schema">The writer's schema as JSON: a record.</param>
    /// <param name="wanted">Names of its fields whose places <see cref="Walk"/> tells; there may be none of that name.</param>
    /// <exception cref="InvalidDataException">It is no schema of a record.</exception>
    public AvroRecordWalker(string schema, params ReadOnlySpan<string> wanted)
    {
        Step root;
        var names = new List<string>();
        try
        {
            using JsonDocument json = JsonDocument.Parse(schema);
            root = Parse(json.RootElement, "", names);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException($"no Avro schema: {e.Message}", e);
        }
        if (root.Kind != Kind.Record)
            throw new InvalidDataException("the Avro schema is not that of a record");
        _fields = root.Parts;
        _wanted = new int[_fields.Length];
        Array.Fill(_wanted, -1);
        for (int i = 0; i < wanted.Length; i++)
        {
            int at = names.IndexOf(wanted[i]);
            if (at >= 0)
                _wanted[at] = i;
        }
        WantedCount = wanted.Length;
    }

    /// <summary>Fields whose places are told.</summary>
    public int WantedCount { get; }

    /// <summary>Walks the first record of some bytes.</summary>
    /// <param name="data">A record, and perhaps others behind it.</param>
    /// <param name="places">Where the values of the wanted fields lie, in the order in which they were named; an empty range at 0 for one that the schema lacks.</param>
    /// <returns>Bytes that the record takes.</returns>
    /// <exception cref="InvalidDataException">The bytes are no record of this schema.</exception>
    public int Walk(ReadOnlySpan<byte> data, Span<Range> places)
    {
        places[..WantedCount].Clear();
        int at = 0;
        for (int i = 0; i < _fields.Length; i++)
        {
            int start = at;
            Skip(_fields[i], data, ref at, 0);
            if (_wanted[i] >= 0)
                places[_wanted[i]] = start..at;
        }
        return at;
    }

    /// <summary>The text of a string field's value, as <see cref="Walk"/> found it.</summary>
    public static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> value)
    {
        int at = 0;
        if (value.IsEmpty || !Varint.TryRead(value, ref at, out _))
            return default;
        return value[at..];
    }

    private static void Skip(Step step, ReadOnlySpan<byte> data, ref int at, int depth)
    {
        switch (step.Kind)
        {
            case Kind.Varint:
                _ = Long(data, ref at);
                break;
            case Kind.Fixed:
                Take(data, ref at, step.Length);
                break;
            case Kind.Bytes:
                Take(data, ref at, Long(data, ref at));
                break;
            case Kind.Record:
                if (depth > DepthMax)
                    throw new InvalidDataException($"Avro record: more than {DepthMax} records inside each other.");
                foreach (Step part in step.Parts)
                    Skip(part, data, ref at, depth + 1);
                break;
            case Kind.Union:
                long branch = Long(data, ref at);
                if ((ulong)branch >= (ulong)step.Parts.Length)
                    throw new InvalidDataException($"Avro record: branch {branch} of a union of {step.Parts.Length} at byte {at}.");
                Skip(step.Parts[branch], data, ref at, depth + 1);
                break;
            default:
                SkipBlocks(step, data, ref at, depth + 1);
                break;
        }
    }

    /// <summary>Arrays and maps: blocks of a count and as many items, the last of them empty; a negative count is followed by the block's size.</summary>
    private static void SkipBlocks(Step step, ReadOnlySpan<byte> data, ref int at, int depth)
    {
        for (long count = Long(data, ref at); count != 0; count = Long(data, ref at))
        {
            if (count < 0)
            {
                Take(data, ref at, Long(data, ref at));
                continue;
            }
            for (long i = 0; i < count; i++)
            {
                int start = at;
                foreach (Step part in step.Parts)
                    Skip(part, data, ref at, depth);
                // Items without bytes: a count alone must not keep this going.
                if (at == start)
                    break;
            }
        }
    }

    private static long Long(ReadOnlySpan<byte> data, ref int at) =>
        Varint.TryRead(data, ref at, out ulong value)
            ? Varint.UnZigZag(value)
            : throw new InvalidDataException($"Avro record: cut short or no number at byte {at}.");

    private static void Take(ReadOnlySpan<byte> data, ref int at, long length)
    {
        if ((ulong)length > (ulong)(data.Length - at))
            throw new InvalidDataException($"Avro record: {length} bytes wanted at byte {at}, {data.Length - at} there.");
        at += (int)length;
    }

    private Step Parse(JsonElement schema, string space, List<string>? names = null)
    {
        switch (schema.ValueKind)
        {
            case JsonValueKind.String:
                return Named(schema.GetString()!, space);
            case JsonValueKind.Array:
                var branches = new List<Step>();
                foreach (JsonElement branch in schema.EnumerateArray())
                    branches.Add(Parse(branch, space));
                return new Step(Kind.Union) { Parts = [.. branches] };
            default:
                return ParseObject(schema, space, names);
        }
    }

    private Step ParseObject(JsonElement schema, string space, List<string>? names)
    {
        JsonElement type = schema.GetProperty("type");
        if (type.ValueKind != JsonValueKind.String)
            return Parse(type, space, names);
        switch (type.GetString())
        {
            case "array":
                return new Step(Kind.Blocks) { Parts = [Parse(schema.GetProperty("items"), space)] };
            case "map":
                return new Step(Kind.Blocks) { Parts = [new Step(Kind.Bytes), Parse(schema.GetProperty("values"), space)] };
            case "enum":
                return Define(schema, ref space, new Step(Kind.Varint));
            case "fixed":
                return Define(schema, ref space, new Step(Kind.Fixed) { Length = schema.GetProperty("size").GetInt32() });
            case "record" or "error":
                // Known by its name before its fields are: one of them may be of its own type.
                Step record = Define(schema, ref space, new Step(Kind.Record));
                var parts = new List<Step>();
                foreach (JsonElement field in schema.GetProperty("fields").EnumerateArray())
                {
                    names?.Add(field.GetProperty("name").GetString()!);
                    parts.Add(Parse(field.GetProperty("type"), space));
                }
                record.Parts = [.. parts];
                return record;
            case var other:
                return Named(other!, space);
        }
    }

    private Step Define(JsonElement schema, ref string space, Step step)
    {
        string name = schema.GetProperty("name").GetString()!;
        if (schema.TryGetProperty("namespace", out JsonElement own) && own.ValueKind == JsonValueKind.String)
            space = own.GetString()!;
        int dot = name.LastIndexOf('.');
        if (dot >= 0)
            space = name[..dot];
        _named[FullName(name, space)] = step;
        return step;
    }

    private Step Named(string type, string space) =>
        type switch
        {
            "null" => new Step(Kind.Fixed),
            "boolean" => new Step(Kind.Fixed) { Length = 1 },
            "int" or "long" => new Step(Kind.Varint),
            "float" => new Step(Kind.Fixed) { Length = sizeof(float) },
            "double" => new Step(Kind.Fixed) { Length = sizeof(double) },
            "bytes" or "string" => new Step(Kind.Bytes),
            _ => _named.GetValueOrDefault(FullName(type, space)) ?? throw new FormatException($"there is no type '{type}'"),
        };

    private static string FullName(string name, string space) =>
        name.Contains('.', StringComparison.Ordinal) || space.Length == 0 ? name : $"{space}.{name}";

    private enum Kind : byte
    {
        Varint,
        Fixed,
        Bytes,
        Record,
        Union,
        Blocks,
    }

    private sealed class Step(Kind kind)
    {
        public Kind Kind => kind;

        /// <summary>A record's fields, a union's branches, what an item of an array or map is made of.</summary>
        public Step[] Parts { get; set; } = [];

        /// <summary>Bytes, where they are always the same.</summary>
        public int Length { get; init; }
    }
}
