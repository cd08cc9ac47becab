using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FlowPipe.Schemas;

/// <summary>All fields of the record, read once from <c>fields.tsv</c>. Immutable.</summary>
public sealed class FieldDictionary
{
    private const int Columns = 6;
    private const string GroupOfRequired = "record";
    private const string GroupOfOthers = "general";

    private readonly FieldDefinition[] _fields;
    private readonly Dictionary<string, FieldDefinition> _byName;
    private readonly Dictionary<string, FieldDefinition> _bySessions3;
    private readonly Dictionary<string, FieldDefinition> _byAvro;

    /// <summary>Reads a dictionary. Its lines are described at the head of <c>fields.tsv</c>.</summary>
    /// <param name="text">The lines.</param>
    /// <param name="name">What error messages call them.</param>
    /// <exception cref="FormatException">A line makes no sense; the message has its number.</exception>
    public FieldDictionary(string text, string name = "field dictionary")
    {
        var lines = new FieldLines(text, name);
        Root = lines.Root;
        _fields = lines.Number();
        _byName = new(_fields.Length, StringComparer.Ordinal);
        _bySessions3 = new(_fields.Length, StringComparer.Ordinal);
        _byAvro = new(_fields.Length, StringComparer.Ordinal);
        foreach (FieldDefinition field in _fields)
        {
            // FieldLines has refused duplicates
            _byName.Add(field.Name, field);
            _byAvro.Add(field.Avro, field);
            if (field.Sessions3 is not null)
                _bySessions3.Add(field.Sessions3, field);
        }
    }

    /// <summary>The dictionary that this build was made with.</summary>
    public static FieldDictionary Default { get; } = Embedded();

    /// <summary>The fields in the order of the schema: <c>Fields[n - 1].Field.Number == n</c>.</summary>
    public IReadOnlyList<FieldDefinition> Fields => _fields;

    /// <summary>The session's record, with groups and records that repeat inside.</summary>
    internal FieldScope Root { get; }

    /// <summary>The handle of a field.</summary>
    /// <param name="name">Its name in the dictionary.</param>
    /// <exception cref="KeyNotFoundException">There is no such field; the message names the nearest.</exception>
    public SpiField this[string name] =>
        _byName.TryGetValue(name, out FieldDefinition? found)
            ? found.Field
            : throw new KeyNotFoundException($"There is no field '{name}'; the nearest is '{Nearest(name)}'. `flowpipe fields` lists all.");

    /// <summary>What the dictionary says of a field.</summary>
    public FieldDefinition Definition(SpiField field) =>
        !field.IsNone && field.Number <= _fields.Length && _fields[field.Number - 1] is { } found && found.Field == field
            ? found
            : throw new KeyNotFoundException($"{field} is not of this dictionary.");

    /// <summary>Looks a field up by its name.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out FieldDefinition? field) => _byName.TryGetValue(name, out field);

    /// <summary>Looks a field up by its path in <c>sessions3</c> documents, such as <c>source.ip</c>.</summary>
    public bool TryGetSessions3(string path, [NotNullWhen(true)] out FieldDefinition? field) => _bySessions3.TryGetValue(path, out field);

    /// <summary>Looks a field up by its path in the Avro record, such as <c>packet_pos[].gaps</c>.</summary>
    public bool TryGetAvro(string path, [NotNullWhen(true)] out FieldDefinition? field) => _byAvro.TryGetValue(path, out field);

    /// <summary>The name that takes the fewest changes to reach; the first of several.</summary>
    public string Nearest(string name)
    {
        string nearest = "";
        int least = int.MaxValue;
        foreach (FieldDefinition field in _fields)
        {
            int distance = Distance(name, field.Name, least);
            if (distance < least)
                (least, nearest) = (distance, field.Name);
        }
        return nearest;
    }

    /// <summary>
    /// Names of fields and groups that whoever wrote this may have meant, the likeliest first: the field that has it as a path, those that
    /// contain it, those that take the fewest changes to reach.
    /// </summary>
    internal List<string> Near(string name, int most)
    {
        List<string> near = [];
        if (TryGetAvro(name, out FieldDefinition? field) || TryGetSessions3(name, out field))
            near.Add(field.Name);
        SortedSet<string> groups = new(StringComparer.Ordinal);
        foreach (FieldDefinition each in _fields)
            groups.Add(each.Group);
        List<(int Distance, string Name)> all = [];
        foreach (string group in groups)
            all.Add((Rank(name, group), group));
        foreach (FieldDefinition each in _fields)
            all.Add((Rank(name, each.Name), each.Name));
        all.Sort();
        foreach ((int _, string candidate) in all)
        {
            if (near.Count == most)
                break;
            if (!near.Contains(candidate))
                near.Add(candidate);
        }
        return near;
    }

    private static int Rank(string name, string candidate)
    {
        const int NotContained = 1 << 20;
        string letters = Letters(name);
        return letters.Length > 2 && Letters(candidate).Contains(letters, StringComparison.OrdinalIgnoreCase)
            ? candidate.Length
            : NotContained + Distance(name, candidate, int.MaxValue);
    }

    /// <summary>A name without what its parts are joined by: user_agent, user-agent and useragent are one.</summary>
    private static string Letters(string name) => string.Concat(name.Split('.', '-', '_', '*'));

    private static FieldDictionary Embedded()
    {
        using Stream stream =
            typeof(FieldDictionary).Assembly.GetManifestResourceStream("fields.tsv")
            ?? throw new InvalidOperationException("fields.tsv is not in the assembly");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return new FieldDictionary(reader.ReadToEnd(), "fields.tsv");
    }

    /// <summary>Levenshtein's distance, regardless of case.</summary>
    private static int Distance(string left, string right, int limit)
    {
        if (Math.Abs(left.Length - right.Length) >= limit)
            return limit;
        int[] row = new int[right.Length + 1];
        for (int j = 0; j < row.Length; j++)
            row[j] = j;
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.Length; j++)
            {
                int change = char.ToLowerInvariant(left[i - 1]) == char.ToLowerInvariant(right[j - 1]) ? 0 : 1;
                int best = Math.Min(diagonal + change, Math.Min(row[j], row[j - 1]) + 1);
                (diagonal, row[j]) = (row[j], best);
            }
        }
        return row[^1];
    }

    /// <summary>Reads the lines into a tree, then numbers its leaves.</summary>
    private sealed class FieldLines
    {
        private readonly string _name;
        private readonly Dictionary<string, FieldScope> _scopes = new(StringComparer.Ordinal);
        private readonly Dictionary<string, FieldNode> _records = new(StringComparer.Ordinal);
        private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
        private int _line;
        private int _count;

        public FieldLines(string text, string name)
        {
            _name = name;
            _scopes.Add("", Root);
            bool header = true;

            // by hand, as this is on the way to the first packet: EnumerateLines alone costs 10 ms of compilation at start
            for (int start = 0, end; start < text.Length; start = end + 1)
            {
                end = text.IndexOf('\n', start);
                if (end < 0)
                    end = text.Length;
                string raw = text[start..end].TrimEnd('\r');
                _line++;
                if (raw.Length == 0 || raw[0] == '#')
                    continue;
                string[] columns = raw.Split('\t');
                if (columns.Length != Columns)
                    throw Malformed(
                        $"{columns.Length} columns, not {Columns} (name sessions3 avro type flags help, with tabs between them)"
                    );
                if (header && columns is ["name", "sessions3", "avro", "type", "flags", "help"])
                    header = false;
                else if (header)
                    throw Malformed("the first line must name the columns: name sessions3 avro type flags help");
                else
                    Read(columns);
            }
            if (_count == 0)
                throw Malformed("there is no field");
            foreach ((string path, FieldNode record) in _records)
            {
                if (record.Scope!.Nodes.Count == 0)
                    throw Malformed($"the end is reached and nothing lies in '{path}'");
            }
        }

        public FieldScope Root { get; } = new("");

        public FieldDefinition[] Number()
        {
            var fields = new FieldDefinition[_count];
            int next = 1;
            Number(Root, default, fields, ref next);
            return fields;
        }

        private static void Number(FieldScope scope, SpiField parent, FieldDefinition[] fields, ref int next)
        {
            foreach (FieldNode node in scope.Nodes)
            {
                node.First = next;
                SpiField inside = parent;
                if (node.Definition is { } field)
                {
                    inside = new SpiField((ushort)next, field.Field.Type, parent.Number);
                    node.Definition = fields[next - 1] = field with { Field = inside, Parent = parent };
                    next++;
                }
                if (node.Scope is not null)
                    Number(node.Scope, inside, fields, ref next);
                node.Last = next - 1;
            }
            scope.Freeze();
        }

        private void Read(string[] columns)
        {
            if (++_count > SpiField.MaxNumber)
                throw Malformed($"more than {SpiField.MaxNumber} fields");
            string name = columns[0];
            string? sessions3 = columns[1] == "-" ? null : columns[1];
            string avro = columns[2];
            if (name.Length == 0 || name.Contains(' ', StringComparison.Ordinal))
                throw Malformed($"'{name}' is not a name");
            if (columns[5].Length == 0)
                throw Malformed($"field '{name}' has no help");
            SpiType type = TypeOf(columns[3]);
            FieldDefinition field = ReadFlags(
                columns[4],
                new FieldDefinition
                {
                    Field = new SpiField(0, type),
                    Name = name,
                    Sessions3 = sessions3,
                    Avro = avro,
                    TypeName = columns[3],
                    Group = GroupOfOthers,
                    Help = columns[5],
                }
            );
            field = field with { Group = GroupOf(field) };
            Unique("name", name);
            Unique("avro path", avro);
            if (sessions3 is not null)
                Unique("sessions3 path", sessions3);
            Place(field);
        }

        private static string GroupOf(FieldDefinition field)
        {
            int end = field.Avro.AsSpan().IndexOfAny('.', '[');
            return end >= 0 ? field.Avro[..end]
                : field.Field.Type == SpiType.RecordSet ? field.Avro
                : field.Required ? GroupOfRequired
                : GroupOfOthers;
        }

        private void Unique(string what, string value)
        {
            if (!_seen.Add(what + value))
                throw Malformed($"the {what} '{value}' is taken by a line above");
        }

        /// <summary>Puts the field where its Avro path says: <c>name</c>, <c>group.name</c>, <c>record[].name</c>, <c>record[].inner[].name</c>.</summary>
        private void Place(FieldDefinition field)
        {
            string[] steps = field.Avro.Split('.');
            FieldScope scope = Root;
            FieldNode? record = null;
            string path = "";
            foreach (string step in steps.AsSpan(0, steps.Length - 1))
            {
                path = path.Length == 0 ? step : $"{path}.{step}";
                if (step.EndsWith("[]", StringComparison.Ordinal))
                {
                    if (!_records.TryGetValue(path, out record))
                        throw Malformed($"'{field.Avro}' lies in '{path}', which no recordset above declares");
                    scope = record.Scope!;
                }
                else
                {
                    CheckAvroName(step);
                    if (!_scopes.TryGetValue(path, out FieldScope? group))
                    {
                        if (scope.Nodes.Exists(n => n.Name == step))
                            throw Malformed($"'{path}' is a field, not a group");
                        _scopes.Add(path, group = new FieldScope(path));
                        scope.Nodes.Add(new FieldNode(step, null, group));
                    }
                    scope = group;
                }
            }
            CheckAvroName(steps[^1]);
            CheckSessions3(field, record?.Definition);
            if (scope.Nodes.Exists(n => n.Name == steps[^1]))
                throw Malformed($"'{field.Avro}' is a group");
            bool isRecord = field.Field.Type == SpiType.RecordSet;
            var node = new FieldNode(steps[^1], field, isRecord ? new FieldScope(field.Avro + "[]") : null);
            scope.Nodes.Add(node);
            if (isRecord)
                _records.Add(field.Avro + "[]", node);
        }

        private void CheckSessions3(FieldDefinition field, FieldDefinition? record)
        {
            if (field.Sessions3 is null)
                return;
            int inner = field.Sessions3.LastIndexOf("[].", StringComparison.Ordinal);
            string? outside = inner < 0 ? null : field.Sessions3[..inner];
            if (record is not null && outside != record.Sessions3)
                throw Malformed($"the sessions3 path '{field.Sessions3}' must begin with its record's, '{record.Sessions3}[].'");
            if (record is null && outside is not null)
                throw Malformed($"the sessions3 path '{field.Sessions3}' says [], the avro path '{field.Avro}' does not");
            if (Array.Exists(field.Sessions3.Split('.'), static step => step.Length is 0 || step == "[]"))
                throw Malformed($"'{field.Sessions3}' is not a path");
        }

        private void CheckAvroName(string name)
        {
            bool valid = name.Length > 0 && (char.IsAsciiLetterLower(name[0]) || name[0] == '_');
            foreach (char c in name)
                valid &= char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_';
            if (!valid)
                throw Malformed($"'{name}' is not a snake_case name that Avro allows");
        }

        private FieldDefinition ReadFlags(string flags, FieldDefinition field)
        {
            if (flags == "-")
                return field;
            foreach (string flag in flags.Split(' '))
            {
                field = flag switch
                {
                    "cnt" when !SpiField.IsSingle(field.Field.Type) => field with { CountSuffix = "Cnt" },
                    "ecscnt" when !SpiField.IsSingle(field.Field.Type) => field with { CountSuffix = "-cnt" },
                    "always" when SpiField.IsSingle(field.Field.Type) => field with { Always = true },
                    "required" when !field.Avro.Contains('.', StringComparison.Ordinal) => field with { Required = true },
                    "linked" => field with { Linked = true },
                    _ when flag.StartsWith("default=", StringComparison.Ordinal) => field with { Default = ReadDefault(flag, field) },
                    _ => throw Malformed(
                        $"flag '{flag}' is unknown or not for {field.TypeName} (cnt ecscnt always required linked default=N)"
                    ),
                };
            }
            return field;
        }

        private long ReadDefault(string flag, FieldDefinition field)
        {
            if (
                field.TypeName is not ("int" or "long")
                || !long.TryParse(
                    flag.AsSpan("default=".Length),
                    NumberStyles.AllowLeadingSign,
                    CultureInfo.InvariantCulture,
                    out long value
                )
                || (field.TypeName == "int" && value != (int)value)
            )
            {
                throw Malformed($"'{flag}' is not the default of an {field.TypeName}");
            }
            return value;
        }

        private SpiType TypeOf(string type) =>
            type switch
            {
                "int" => SpiType.Int,
                "long" or "time" => SpiType.Long,
                "bool" => SpiType.Bool,
                "double" => SpiType.Double,
                "ip" => SpiType.Ip,
                "utf8" => SpiType.Utf8,
                "intset" => SpiType.IntSet,
                "longset" => SpiType.LongSet,
                "utf8set" => SpiType.Utf8Set,
                "utf8list" => SpiType.Utf8List,
                "ipset" => SpiType.IpSet,
                "packed" or "packedint" => SpiType.Packed,
                "recordset" => SpiType.RecordSet,
                "map" => SpiType.Map,
                _ => throw Malformed($"type '{type}' is unknown"),
            };

        private FormatException Malformed(string why) => new($"{_name}, line {_line}: {why}");
    }
}
