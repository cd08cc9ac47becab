using Avro;

namespace FlowPipe.Schemas;

/// <summary>Whether records written with one schema can be read with another (Avro specification 1.12, "Schema Resolution").</summary>
public static class SchemaCompatibility
{
    /// <summary>Compares two schemas.</summary>
    /// <returns>Each place at which a record of the writer's could not be read by the reader; none when all can.</returns>
    public static IReadOnlyList<string> Check(Schema reader, Schema writer)
    {
        List<string> problems = [];
        Resolve(reader, writer, "", problems, []);
        return problems;
    }

    /// <summary>Compares two schemas in both directions, which is what FULL compatibility means.</summary>
    public static IReadOnlyList<string> CheckBoth(Schema one, Schema other) => [.. Check(one, other), .. Check(other, one)];

    private static void Resolve(Schema reader, Schema writer, string path, List<string> problems, HashSet<(Schema, Schema)> open)
    {
        // a logical type annotates its base type and has no part in resolution
        reader = BaseOf(reader);
        writer = BaseOf(writer);
        if (!open.Add((reader, writer)))
            return;
        if (writer is UnionSchema written)
        {
            foreach (Schema branch in written.Schemas)
                Resolve(reader, branch, path, problems, open);
        }
        else if (reader is UnionSchema choices)
        {
            if (!choices.Schemas.Any(choice => Matches(choice, writer, open)))
                problems.Add($"{Name(path)}: no branch of the reader's union takes a {writer.Fullname}");
        }
        else
        {
            ResolveOne(reader, writer, path, problems, open);
        }
        open.Remove((reader, writer));
    }

    private static bool Matches(Schema reader, Schema writer, HashSet<(Schema, Schema)> open)
    {
        List<string> problems = [];
        Resolve(reader, writer, "", problems, open);
        return problems.Count == 0;
    }

    private static void ResolveOne(Schema reader, Schema writer, string path, List<string> problems, HashSet<(Schema, Schema)> open)
    {
        switch (reader, writer)
        {
            case (RecordSchema r, RecordSchema w) when r.Tag == w.Tag && IsNamed(r, w):
                ResolveFields(r, w, path, problems, open);
                break;
            case (ArraySchema r, ArraySchema w):
                Resolve(r.ItemSchema, w.ItemSchema, path + "[]", problems, open);
                break;
            case (MapSchema r, MapSchema w):
                Resolve(r.ValueSchema, w.ValueSchema, path + "{}", problems, open);
                break;
            case (EnumSchema r, EnumSchema w) when IsNamed(r, w):
                if (r.Default is null && w.Symbols.Any(symbol => !r.Symbols.Contains(symbol)))
                    problems.Add($"{Name(path)}: the writer has symbols that the reader lacks");
                break;
            case (FixedSchema r, FixedSchema w) when IsNamed(r, w) && r.Size == w.Size:
                break;
            case (PrimitiveSchema r, PrimitiveSchema w) when r.Tag == w.Tag || IsPromoted(w.Tag, r.Tag):
                break;
            default:
                problems.Add($"{Name(path)}: a {writer.Fullname} can't be read as {reader.Fullname}");
                break;
        }
    }

    private static void ResolveFields(
        RecordSchema reader,
        RecordSchema writer,
        string path,
        List<string> problems,
        HashSet<(Schema, Schema)> open
    )
    {
        foreach (Field field in reader.Fields)
        {
            string name = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            Field? written = writer.Fields.Find(w => w.Name == field.Name || field.Aliases?.Contains(w.Name) == true);
            if (written is not null)
                Resolve(field.Schema, written.Schema, name, problems, open);
            else if (field.DefaultValue is null)
                problems.Add($"{name}: the writer lacks it and it has no default");
        }
    }

    private static bool IsPromoted(Schema.Type from, Schema.Type to) =>
        (from, to) switch
        {
            (Schema.Type.Int, Schema.Type.Long or Schema.Type.Float or Schema.Type.Double) => true,
            (Schema.Type.Long, Schema.Type.Float or Schema.Type.Double) => true,
            (Schema.Type.Float, Schema.Type.Double) => true,
            (Schema.Type.String, Schema.Type.Bytes) => true,
            (Schema.Type.Bytes, Schema.Type.String) => true,
            _ => false,
        };

    /// <summary>The unqualified names are the same. (Aliases of types are for the reader to use if it likes; ours has none.)</summary>
    private static bool IsNamed(NamedSchema reader, NamedSchema writer) => reader.Name == writer.Name;

    private static Schema BaseOf(Schema schema) => schema is LogicalSchema logical ? logical.BaseSchema : schema;

    private static string Name(string path) => path.Length == 0 ? "the record" : path;
}
