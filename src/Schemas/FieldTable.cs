using System.Text;

namespace FlowPipe.Schemas;

/// <summary>The table of all fields that docs/records.md has between two marks.</summary>
public static class FieldTable
{
    /// <summary>The line before the table.</summary>
    public const string Begin = "<!-- fields: generated from src/Schemas/fields.tsv; `make test` says how -->";

    /// <summary>The line after it.</summary>
    public const string End = "<!-- end of fields -->";

    /// <summary>The table as Markdown, without the marks.</summary>
    public static string ToMarkdown(FieldDictionary dictionary)
    {
        var table = new StringBuilder("| name | sessions3 | Avro | type | |\n|---|---|---|---|---|\n");
        foreach (FieldDefinition field in dictionary.Fields)
        {
            string sessions3 = field.Sessions3 is null
                ? ""
                : $"`{field.Sessions3}`{(field.CountSuffix is null ? "" : $", `{field.CountSuffix}`")}";
            table.Append(
                $"| `{field.Name}` | {sessions3} | `{field.Avro}` | {field.TypeName} | {field.Help.Replace("|", "\\|", StringComparison.Ordinal)} |\n"
            );
        }
        return table.ToString();
    }

    /// <summary>A document with the table in it brought up to date.</summary>
    /// <exception cref="FormatException">It has not the two marks.</exception>
    public static string Update(string document, FieldDictionary dictionary)
    {
        int begin = document.IndexOf(Begin, StringComparison.Ordinal);
        int end = document.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin)
            throw new FormatException($"The document lacks the lines '{Begin}' and '{End}'.");
        return $"{document[..begin]}{Begin}\n{ToMarkdown(dictionary)}{document[end..]}";
    }
}
