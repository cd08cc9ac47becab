using System.CommandLine;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe schema</c>: the Avro schema of a record.</summary>
internal static class SchemaCommand
{
    private const string Examples = """
        flowpipe schema > session.avsc        the schema of every record that this build writes
        flowpipe schema --format fingerprint  its CRC-64-AVRO, as in the header schema_fingerprint of a message
        flowpipe schema check --help          whether a schema registry would take it, and into the registry with it
        """;

    public static Command Create(CommandContext context)
    {
        var format = new Option<string>("--format")
        {
            Description =
                "avsc: the schema as JSON, with docs; canonical: its parsing canonical form; fingerprint: CRC-64-AVRO of that, hexadecimal",
            HelpName = "avsc|canonical|fingerprint",
        };
        format.AcceptOnlyFromAmong("avsc", "canonical", "fingerprint");
        var command = new FlowPipeCommand("schema", "Print the Avro schema of the records.", Examples)
        {
            format,
            SchemaRegistryCommands.CreateCheck(context),
            SchemaRegistryCommands.CreateRegister(context),
        };
        command.SetAction(line =>
        {
            string text = line.GetValue(format) switch
            {
                "canonical" => Avro.SchemaNormalization.ToParsingForm(SessionSchema.Parsed),
                "fingerprint" => Convert.ToHexStringLower(SessionSchema.Fingerprint),
                _ => SessionSchema.Json.TrimEnd('\n'),
            };
            context.Out.Write(text + "\n");
            return ExitStatus.Done;
        });
        return command;
    }
}
