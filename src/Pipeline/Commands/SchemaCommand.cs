using System.CommandLine;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;
using FlowPipe.Pipeline.Terminal;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Commands;

/// <summary><c>flowpipe schema</c>: the Avro schema of a record, and what others need to read the topic.</summary>
internal static class SchemaCommand
{
    private const string Examples = """
        flowpipe schema > session.avsc        the schema of every record that this build writes
        flowpipe schema --as clickhouse       tables that read the topic
        flowpipe schema --as flink --from kafka://broker:9092/flowpipe.spi.v1
        flowpipe schema --as spark --encoding avro
        flowpipe schema --as opensearch | curl -XPUT -H 'Content-Type: application/json' -d @- localhost:9200/_index_template/flowpipe
        flowpipe schema --format fingerprint  the schema's CRC-64-AVRO, as in the header schema_fingerprint of a message
        """;

    public static Command Create(CommandContext context)
    {
        var consumer = new Option<string>("--as")
        {
            Description =
                "What is to read the topic: avro: the Avro schema; json: the JSON Schema of the documents; clickhouse, flink, ksqldb: SQL; spark: a script; opensearch: an index template [default: avro]",
            HelpName = string.Join('|', ConsumerDefinitions.Names),
        };
        consumer.AcceptOnlyFromAmong([.. ConsumerDefinitions.Names]);
        var encoding = new Option<string>("--encoding")
        {
            Description =
                "How the topic's values are encoded: json, as replay writes them; avro, as it does with ?format=avro; confluent: Avro that somebody framed for a schema registry [default: what can be read, json first]",
            HelpName = "json|avro|confluent",
        };
        encoding.AcceptOnlyFromAmong("json", "avro", "confluent");
        var from = new Option<string>("--from")
        {
            Description = "The topic, as kafka://BROKERS/TOPIC [default: kafka://localhost:9092/flowpipe.spi.v1]",
            HelpName = "SOURCE",
        };
        var format = new Option<string>("--format")
        {
            Description =
                "Of the Avro schema: avsc: as JSON, with docs; canonical: its parsing canonical form; fingerprint: CRC-64-AVRO of that, hexadecimal",
            HelpName = "avsc|canonical|fingerprint",
        };
        format.AcceptOnlyFromAmong("avsc", "canonical", "fingerprint");
        var command = new FlowPipeCommand(
            "schema",
            "Print the Avro schema of the records, or what another system needs to read them from Kafka.",
            Examples
        )
        {
            consumer,
            encoding,
            from,
            format,
        };
        command.SetAction(line =>
        {
            string name = line.GetValue(consumer) ?? "avro";
            if (line.GetValue(format) is not null && name != "avro")
                throw new WrongUsageException($"--format is for the Avro schema, and --as is {name}");
            string text = line.GetValue(format) switch
            {
                "canonical" => Avro.SchemaNormalization.ToParsingForm(SessionSchema.Parsed) + "\n",
                "fingerprint" => Convert.ToHexStringLower(SessionSchema.Fingerprint) + "\n",
                _ => Define(name, line.GetValue(encoding), line.GetValue(from)),
            };
            context.Out.Write(text);
            return ExitStatus.Done;
        });
        return command;
    }

    private static string Define(string name, string? encoding, string? from)
    {
        try
        {
            var target = new ConsumerTarget { Encoding = EncodingOf(name, encoding) };
            return ConsumerDefinitions.Print(name, from is null ? target : OfTopic(target, from));
        }
        catch (Exception e) when (e is FlowPipeException or FormatException)
        {
            throw new WrongUsageException(e.Message);
        }
    }

    private static ConsumerEncoding EncodingOf(string name, string? encoding) =>
        encoding is null ? ConsumerDefinitions.EncodingsOf(name)[0] : Enum.Parse<ConsumerEncoding>(encoding, ignoreCase: true);

    private static ConsumerTarget OfTopic(ConsumerTarget target, string from)
    {
        SinkUri uri = SinkUri.Parse(from);
        uri.Allow();
        if (uri.Scheme != "kafka")
            throw new WrongUsageException($"--from {from}: write kafka://BROKERS/TOPIC");
        var topic = KafkaTarget.Parse(uri.Target);
        return topic.IsEmbedded
            ? throw new WrongUsageException($"--from {from}: the embedded broker is gone with its process; name one that others reach")
            : target with
            {
                Brokers = topic.Brokers,
                Topic = topic.Topic,
            };
    }
}
