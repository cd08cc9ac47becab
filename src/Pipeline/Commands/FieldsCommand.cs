using System.CommandLine;
using System.Text.Json;
using FlowPipe.Core;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe fields</c>: the fields that a record can have.</summary>
internal static class FieldsCommand
{
    private const string Examples = """
        flowpipe fields                     all fields of a record
        flowpipe fields ip                  those with "ip" in a name or in what they mean
        flowpipe fields tcp --format json   for programs
        """;

    public static Command Create(CommandContext context)
    {
        var filter = new Argument<string?>("FILTER")
        {
            Description = "Only fields with this text in one of their names, in their group or in their description",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var format = new Option<string>("--format") { Description = "table or json", HelpName = "table|json" };
        format.AcceptOnlyFromAmong("table", "json");
        var command = new FlowPipeCommand(
            "fields",
            "List the fields of a session record: their names and groups (either can be named in fields.include, fields.exclude and fields.hash), where they are in Avro and in sessions3 JSON, and what they mean.",
            Examples
        )
        {
            filter,
            format,
        };
        command.SetAction(line =>
        {
            List<FieldDefinition> fields = Select(line.GetValue(filter) ?? "");
            if (fields.Count == 0)
                throw new FlowPipeException(
                    $"no field has \"{line.GetValue(filter)}\" in its name or description; 'flowpipe fields' lists all"
                );
            if (line.GetValue(format) == "json")
                WriteJson(context.OutBytes, fields);
            else
                WriteTable(context, fields);
            return ExitStatus.Done;
        });
        return command;
    }

    private static List<FieldDefinition> Select(string filter)
    {
        var selected = new List<FieldDefinition>();
        foreach (FieldDefinition field in FieldDictionary.Default.Fields)
            if (
                Has(field.Name, filter)
                || Has(field.Group, filter)
                || Has(field.Avro, filter)
                || Has(field.Sessions3 ?? "", filter)
                || Has(field.Help, filter)
            )
                selected.Add(field);
        return selected;
    }

    private static bool Has(string text, string filter) => text.Contains(filter, StringComparison.OrdinalIgnoreCase);

    private static void WriteTable(CommandContext context, List<FieldDefinition> fields)
    {
        var table = new TextTable(
            [new("Field"), new("Group"), new("Avro"), new("sessions3"), new("Type"), new("Meaning")],
            fields.Select(field => new[] { field.Name, field.Group, field.Avro, field.Sessions3 ?? "-", field.TypeName, field.Help })
        );
        table.Write(context);
    }

    private static void WriteJson(Stream output, List<FieldDefinition> fields)
    {
        using (var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (FieldDefinition field in fields)
            {
                json.WriteStartObject();
                json.WriteString("name", field.Name);
                json.WriteString("group", field.Group);
                json.WriteString("avro", field.Avro);
                json.WriteString("sessions3", field.Sessions3);
                json.WriteString("type", field.TypeName);
                json.WriteString("help", field.Help);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        output.WriteByte((byte)'\n');
    }
}
