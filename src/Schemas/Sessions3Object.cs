using System.Text.Encodings.Web;
using System.Text.Json;

namespace FlowPipe.Schemas;

/// <summary>An object of the <c>sessions3</c> document, put together from the paths of the fields in it.</summary>
internal sealed class Sessions3Object
{
    private Sessions3Object() { }

    public List<Sessions3Member> Members { get; } = [];

    /// <summary>The document, or what an array of records holds: the fields of a scope without those of the records inside.</summary>
    public static Sessions3Object Of(FieldScope scope)
    {
        var document = new Sessions3Object();
        document.Add(scope, null);
        return document;
    }

    /// <summary>Takes out the fields that don't leave the sensor, and with them what is derived of them: their counts.</summary>
    public void RemoveDropped(FieldPolicy policy)
    {
        Members.RemoveAll(member => member.Field is { } field && policy.Of(field.Field) == FieldAction.Drop);
        foreach (Sessions3Member member in Members)
        {
            member.Object?.RemoveDropped(policy);
            member.Record?.RemoveDropped(policy);
        }
    }

    private void Add(FieldScope scope, FieldScope? group)
    {
        foreach (FieldNode node in scope.Nodes)
        {
            if (node.Definition is null)
                Add(node.Scope!, node.Scope);
            else if (node.Definition.Sessions3 is not null)
                Add(node, group);
        }
    }

    private void Add(FieldNode node, FieldScope? group)
    {
        // what stands before the last [] is the path of the record around
        FieldDefinition field = node.Definition!;
        string path = field.Sessions3!;
        int inner = path.LastIndexOf("[].", StringComparison.Ordinal);
        string[] steps = (inner < 0 ? path : path[(inner + 3)..]).Split('.');
        Sessions3Object parent = this;
        foreach (string step in steps.AsSpan(0, steps.Length - 1))
        {
            Sessions3Member? found = parent.Members.Find(m => m.Name.Value == step);
            if (found is null)
                parent.Members.Add(found = new Sessions3Member { Name = Encode(step), Object = new Sessions3Object() });
            parent =
                found.Object ?? throw new FormatException($"The sessions3 path '{path}' of field '{field.Name}' goes through a field.");
        }
        if (parent.Members.Exists(m => m.Name.Value == steps[^1]))
            throw new FormatException($"The sessions3 path '{path}' of field '{field.Name}' is an object.");
        parent.Members.Add(
            new Sessions3Member
            {
                Name = Encode(steps[^1]),
                Count = field.CountSuffix is null ? null : Encode(steps[^1] + field.CountSuffix),
                Field = field,
                Group = group,
                Scope = node.Scope,
                Record = node.Scope is null ? null : Of(node.Scope),
            }
        );
    }

    private static JsonEncodedText Encode(string name) => JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping);
}

/// <summary>A member of such an object: an object, a value or values, or an array of records.</summary>
internal sealed class Sessions3Member
{
    public JsonEncodedText Name { get; init; }

    /// <summary>Name of the count beside the values.</summary>
    public JsonEncodedText? Count { get; init; }

    public Sessions3Object? Object { get; init; }

    public FieldDefinition? Field { get; init; }

    /// <summary>The Avro group that it is in; null in none.</summary>
    public FieldScope? Group { get; init; }

    /// <summary>The fields of a record that repeats.</summary>
    public FieldScope? Scope { get; init; }

    /// <summary>What such a record is written as.</summary>
    public Sessions3Object? Record { get; init; }
}
