using System.Text.Json;
using FlowPipe.Core;

namespace FlowPipe.Pipeline.Consuming.Filtering;

/// <summary>
/// <c>consume --where</c>: which records are shown.
/// <code>
/// expression = term { "or" term }            term  = factor { "and" factor }
/// factor     = "not" factor | "(" expression ")" | FIELD [ operator VALUE ]
/// operator   = "==" | "!=" | "&lt;" | "&lt;=" | ">" | ">=" | "contains"
/// </code>
/// A field alone asks whether it is there. Of a field with several values one that fits is enough; <c>!=</c> wants none that is equal.
/// </summary>
internal sealed class RecordFilter
{
    private readonly FilterNode _root;

    private RecordFilter(FilterNode root) => _root = root;

    /// <exception cref="FlowPipeException">It makes no sense; the message says from where on.</exception>
    public static RecordFilter Parse(string text) => new(new FilterParser(text).Parse());

    /// <exception cref="FlowPipeException">It names a field that a session does not have.</exception>
    /// <exception cref="JsonException">The record's document is not JSON.</exception>
    public bool Holds(in StoredRecord record)
    {
        if (record.Values is not null)
            return _root.Holds(record, default);
        using JsonDocument document = JsonDocument.Parse(record.Json);
        return _root.Holds(record, document.RootElement);
    }
}

/// <summary>A part of the expression.</summary>
internal abstract class FilterNode
{
    public abstract bool Holds(in StoredRecord record, JsonElement document);
}

internal sealed class NotNode(FilterNode inner) : FilterNode
{
    public override bool Holds(in StoredRecord record, JsonElement document) => !inner.Holds(record, document);
}

/// <summary>"and" or "or" between two parts.</summary>
internal sealed class PairNode(FilterNode left, FilterNode right, bool both) : FilterNode
{
    public override bool Holds(in StoredRecord record, JsonElement document) =>
        left.Holds(record, document) == both ? right.Holds(record, document) : !both;
}
