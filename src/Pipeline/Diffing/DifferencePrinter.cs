using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FlowPipe.Pipeline.Terminal;

namespace FlowPipe.Pipeline.Diffing;

/// <summary>Prints differences, as many as are wanted, and counts which fields have changed.</summary>
internal sealed class DifferencePrinter(CommandContext context, bool asJson, long limit)
{
    /// <summary>A value is shown up to here.</summary>
    private const int ValueLengthMax = 200;

    /// <summary>Fields that are counted by name: plugins may define as many as they like.</summary>
    private const int FieldsMax = 1_000;

    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Dictionary<string, long> _fields = new(StringComparer.Ordinal);
    private long _shown;

    public long Hidden { get; private set; }

    public void Show(Difference difference)
    {
        foreach (FieldChange change in difference.Fields)
        {
            string name = RecordDiff.Unnumbered(change.Path);
            if (_fields.TryGetValue(name, out long count) || _fields.Count < FieldsMax)
                _fields[name] = count + 1;
        }
        if (_shown == limit)
        {
            Hidden++;
            return;
        }
        _shown++;
        context.Out.Write(asJson ? Json(difference) : Text(difference));
    }

    /// <summary>The fields that changed most often.</summary>
    public string? Fields()
    {
        const int shown = 12;
        if (_fields.Count == 0)
            return null;
        IEnumerable<string> most = _fields
            .OrderByDescending(static field => field.Value)
            .ThenBy(static field => field.Key, StringComparer.Ordinal)
            .Take(shown)
            .Select(static field => $"{Printable(field.Key)} {Figures.Count(field.Value)}");
        return "fields that changed: " + string.Join(", ", most) + (_fields.Count > shown ? ", …" : "");
    }

    private static string Text(Difference difference)
    {
        var text = new StringBuilder();
        char sign = difference.Kind switch
        {
            DifferenceKind.OnlyInA => '-',
            DifferenceKind.OnlyInB => '+',
            _ => '~',
        };
        text.Append($"{sign} {difference.Id}  {difference.Summary}\n");
        foreach (FieldChange change in difference.Fields)
            text.Append($"    {Printable(change.Path)}: {Value(change.A)} → {Value(change.B)}\n");
        return text.ToString();
    }

    private static string Value(string? json) =>
        json is null ? "(none)"
        : json.Length > ValueLengthMax ? Printable(json[..ValueLengthMax]) + "…"
        : Printable(json);

    // Records may come from anywhere: nothing of them is a command to a terminal.
    private static string Printable(string text) =>
        text.Any(char.IsControl) ? string.Concat(text.Select(static c => char.IsControl(c) ? '?' : c)) : text;

    private static string Json(Difference difference)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Format))
        {
            json.WriteStartObject();
            json.WriteString("id", difference.Id);
            json.WriteString(
                "kind",
                difference.Kind switch
                {
                    DifferenceKind.OnlyInA => "onlyInA",
                    DifferenceKind.OnlyInB => "onlyInB",
                    _ => "changed",
                }
            );
            if (difference.Fields.Count > 0)
            {
                json.WriteStartObject("fields");
                foreach (FieldChange change in difference.Fields)
                {
                    json.WriteStartObject(change.Path);
                    WriteValue(json, "a", change.A);
                    WriteValue(json, "b", change.B);
                    json.WriteEndObject();
                }
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        buffer.WriteByte((byte)'\n');
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void WriteValue(Utf8JsonWriter json, string name, string? value)
    {
        if (value is null)
            return;
        json.WritePropertyName(name);
        json.WriteRawValue(value);
    }
}
