namespace FlowPipe.Schemas;

/// <summary>
/// A record of the Avro schema: the session itself, a group, or a record that repeats. Its fields have consecutive numbers, those of the
/// records inside included.
/// </summary>
internal sealed class FieldScope(string path)
{
    /// <summary>Path in the Avro record; empty for the session itself.</summary>
    public string Path => path;

    public List<FieldNode> Nodes { get; } = [];

    /// <summary>Lowest number of a field inside.</summary>
    public int First { get; private set; }

    /// <summary>Highest number of a field inside.</summary>
    public int Last { get; private set; }

    /// <summary>What an encoder does at a field that has values, by its number less <see cref="First"/>.</summary>
    public FieldStep[] Steps { get; private set; } = [];

    /// <summary>The Avro form of the nodes when absent, one after the other.</summary>
    public byte[] Defaults { get; private set; } = [];

    /// <summary>To be called when all nodes are there and have their numbers.</summary>
    public void Freeze()
    {
        First = Nodes[0].First;
        Last = Nodes[^1].Last;
        Steps = new FieldStep[Last - First + 1];
        List<byte> defaults = [];
        foreach (FieldNode node in Nodes)
        {
            int start = defaults.Count;
            node.AppendDefault(defaults);
            Steps.AsSpan(node.First - First, node.Last - node.First + 1).Fill(new FieldStep(node, start, defaults.Count));
        }
        Defaults = [.. defaults];
    }
}

/// <summary>The node that a field is or lies in, as an encoder needs it.</summary>
internal readonly struct FieldStep(FieldNode node, int defaultStart, int defaultEnd)
{
    /// <summary>Where the node's default lies among its scope's.</summary>
    public readonly int DefaultStart = defaultStart;
    public readonly int DefaultEnd = defaultEnd;

    /// <summary>The highest number inside of the node.</summary>
    public readonly int Last = node.Last;

    public readonly SpiType Type = node.Type;

    /// <summary>What is in a group; null for a field.</summary>
    public readonly FieldScope? Group = node.IsGroup ? node.Scope : null;

    /// <summary>What is in each record of a field of such; else null.</summary>
    public readonly FieldScope? Record = node.IsGroup ? null : node.Scope;
}

/// <summary>A field of a record: a value, a group (no definition) or a record that repeats (both).</summary>
internal sealed class FieldNode(string name, FieldDefinition? definition, FieldScope? scope)
{
    /// <summary>Name in the Avro schema.</summary>
    public string Name => name;

    /// <summary>The dictionary's line; null for a group.</summary>
    public FieldDefinition? Definition { get; set; } = definition;

    /// <summary>What is inside of a group or record; null for a value.</summary>
    public FieldScope? Scope => scope;

    /// <summary>How its values are kept; of no meaning for a group.</summary>
    public SpiType Type { get; } = definition?.Field.Type ?? default;

    public bool IsGroup => scope is not null && Definition is null;

    /// <summary>Its own number; a group's is that of its first field.</summary>
    public int First { get; set; }

    /// <summary>The highest number inside.</summary>
    public int Last { get; set; }

    /// <summary>Appends the Avro form that stands for "absent".</summary>
    public void AppendDefault(List<byte> defaults)
    {
        if (Definition?.Field.Type is SpiType.Long or SpiType.Int)
        {
            Span<byte> bytes = stackalloc byte[Varint.MaxBytes];
            int length = Varint.Write(bytes, Varint.ZigZag(Definition.Default));
            foreach (byte b in bytes[..length])
                defaults.Add(b);
        }
        else if (Definition?.Field.Type is SpiType.Double)
        {
            defaults.AddRange(new byte[sizeof(double)]);
        }
        else
        {
            // branch 0 (null) of a group, no characters of a string, no blocks of an array or map, false: all one zero byte
            defaults.Add(0);
        }
    }
}
