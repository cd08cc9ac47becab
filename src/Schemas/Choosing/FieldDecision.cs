namespace FlowPipe.Schemas;

/// <summary>Works out an action for each field from the names that a user gave.</summary>
internal sealed class FieldDecision
{
    private const int NearNames = 3;

    private readonly FieldDictionary _dictionary;

    public FieldDecision(FieldChoice choice, FieldDictionary dictionary)
    {
        _dictionary = dictionary;
        Actions = new FieldAction[dictionary.Fields.Count + 1];
        bool[] included = Included(choice.Include);
        for (int number = 1; number < Actions.Length; number++)
        {
            if (!included[number])
                Actions[number] = FieldAction.Drop;
        }
        Hash(choice.Hash, included);
        Exclude(choice.Exclude);
    }

    /// <summary>By the field's number; [0] is no field.</summary>
    public FieldAction[] Actions { get; }

    /// <summary>Names of fields of hashed groups that can't be hashed.</summary>
    public List<string> LeftOut { get; } = [];

    private static bool CanBeHashed(SpiType type) =>
        type is SpiType.Utf8 or SpiType.Utf8Set or SpiType.Utf8List or SpiType.Ip or SpiType.IpSet or SpiType.Map;

    private bool[] Included(IReadOnlyList<string> names)
    {
        bool[] included = new bool[Actions.Length];
        foreach (FieldDefinition field in _dictionary.Fields)
            included[field.Field.Number] = names.Count == 0 || field.Required;
        foreach (string name in names)
        {
            foreach (FieldDefinition field in WithInside(Resolve("fields.include", name, out _)))
            {
                included[field.Field.Number] = true;
                // what repeats around it must be there for it to be in
                for (SpiField around = field.Parent; !around.IsNone; around = _dictionary.Definition(around).Parent)
                    included[around.Number] = true;
            }
        }
        return included;
    }

    private void Hash(IReadOnlyList<string> names, bool[] included)
    {
        foreach (string name in names)
        {
            List<FieldDefinition> fields = Resolve("fields.hash", name, out bool single);
            if (single && !included[fields[0].Field.Number])
                throw new FormatException($"fields.hash: '{name}' is not in fields.include, so it would not leave at all; add it there");
            single &= fields[0].Field.Type != SpiType.RecordSet;
            foreach (FieldDefinition field in WithInside(fields))
            {
                int number = field.Field.Number;
                if (field.Required)
                    throw Required("fields.hash", name, field, "hashed");
                if (CanBeHashed(field.Field.Type))
                    Actions[number] = included[number] ? FieldAction.Hash : FieldAction.Drop;
                else if (single)
                    throw new FormatException(
                        $"fields.hash: '{name}' is of type {field.TypeName}, and only texts and addresses can be hashed; name it in fields.exclude instead"
                    );
                else if (field.Field.Type != SpiType.RecordSet && Actions[number] != FieldAction.Drop)
                    LeaveOut(field);
            }
        }
    }

    private void LeaveOut(FieldDefinition field)
    {
        Actions[field.Field.Number] = FieldAction.Drop;
        LeftOut.Add(field.Name);
    }

    private void Exclude(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            foreach (FieldDefinition field in WithInside(Resolve("fields.exclude", name, out _)))
            {
                if (field.Required)
                    throw Required("fields.exclude", name, field, "left out");
                Actions[field.Field.Number] = FieldAction.Drop;
                LeftOut.Remove(field.Name);
            }
        }
    }

    /// <summary>The fields that an entry names.</summary>
    private List<FieldDefinition> Resolve(string setting, string name, out bool single)
    {
        List<FieldDefinition> found = [];
        single = _dictionary.TryGet(name, out FieldDefinition? named);
        if (single)
            found.Add(named!);
        bool isPrefix = name.EndsWith(".*", StringComparison.Ordinal);
        string group = isPrefix ? name[..^2] : name;
        foreach (FieldDefinition field in _dictionary.Fields)
        {
            bool isIn =
                field.Group == group || (isPrefix && field.Name.StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.Ordinal));
            if (!single && isIn)
                found.Add(field);
        }
        return found.Count > 0 ? found : throw Unknown(setting, name);
    }

    /// <summary>These fields, and those inside of the ones that are records.</summary>
    private List<FieldDefinition> WithInside(List<FieldDefinition> fields)
    {
        HashSet<int> numbers = [];
        foreach (FieldDefinition field in fields)
            numbers.Add(field.Field.Number);
        List<FieldDefinition> all = [];
        // a record comes before what is in it
        foreach (FieldDefinition field in _dictionary.Fields)
        {
            if (numbers.Contains(field.Field.Number) || numbers.Contains(field.Parent.Number))
            {
                numbers.Add(field.Field.Number);
                all.Add(field);
            }
        }
        return all;
    }

    private FormatException Unknown(string setting, string name)
    {
        string near = string.Join(", ", _dictionary.Near(name, NearNames));
        return new FormatException($"{setting}: there is no field or group '{name}'; near it are {near} ('flowpipe fields' lists all)");
    }

    private static FormatException Required(string setting, string name, FieldDefinition field, string what)
    {
        string named = name == field.Name ? "" : $" ('{field.Name}' is one of them)";
        return new FormatException(
            $"{setting}: '{name}' can't be {what}: it is of what every record must have{named}, its times, id, links, node and end ('flowpipe fields' shows them as group record)"
        );
    }
}
