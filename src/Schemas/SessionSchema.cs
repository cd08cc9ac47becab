using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Avro;

namespace FlowPipe.Schemas;

/// <summary>
/// The Avro schema of a record, made from the field dictionary. The types are those that Connect, Flink, ksqlDB, Spark, ClickHouse and
/// DuckDB all read: no unions but ["null", record], no enumerations, no nested timestamps, and a default and a doc for every field.
/// </summary>
public static class SessionSchema
{
    /// <summary>Namespace of the record and those in it; its last part is the major version.</summary>
    public const string Namespace = "flowpipe.spi.v1";

    /// <summary>Name of the record.</summary>
    public const string Name = "Session";

    private static readonly Lazy<string> LazyJson = new(static () => ToJson(FieldDictionary.Default));

    /// <summary>The schema of <see cref="FieldDictionary.Default"/>, as <c>session.avsc</c> has it: indented, with a line end.</summary>
    public static string Json => LazyJson.Value;

    /// <summary>The same, parsed by Apache.Avro.</summary>
    public static Schema Parsed => ByApache.Schema;

    /// <summary>CRC-64-AVRO of the schema's canonical form, eight bytes, the least significant first as Avro's single-object encoding has them.</summary>
    public static ReadOnlySpan<byte> Fingerprint => ByApache.Fingerprint;

    /// <summary>The schema of a dictionary.</summary>
    public static string ToJson(FieldDictionary dictionary)
    {
        using var buffer = new MemoryStream();
        var options = new JsonWriterOptions
        {
            Indented = true,
            NewLine = "\n",
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            json.WriteStartObject();
            json.WriteString("type", "record");
            json.WriteString("name", Name);
            json.WriteString("namespace", Namespace);
            json.WriteString(
                "doc",
                "What FlowPipe knows of a session, or of one of its segments. docs/records.md explains it field by field."
            );
            WriteFields(json, dictionary.Root);
            json.WriteEndObject();
        }
        buffer.WriteByte((byte)'\n');
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    /// <summary>The name of a nested record: <c>packet_pos[]</c> is PacketPos, <c>dns[].answers[]</c> DnsAnswers.</summary>
    internal static string RecordName(FieldScope scope)
    {
        var name = new StringBuilder(scope.Path.Length);
        bool upper = true;
        foreach (char c in scope.Path)
        {
            if (char.IsAsciiLetterOrDigit(c))
                name.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = !char.IsAsciiLetterOrDigit(c);
        }
        return name.ToString();
    }

    private static void WriteFields(Utf8JsonWriter json, FieldScope scope)
    {
        json.WriteStartArray("fields");
        foreach (FieldNode node in scope.Nodes)
        {
            json.WriteStartObject();
            json.WriteString("name", node.Name);
            if (node.Definition is { } field)
                WriteField(json, node, field);
            else
                WriteGroup(json, node);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteGroup(Utf8JsonWriter json, FieldNode node)
    {
        json.WriteStartArray("type");
        json.WriteStringValue("null");
        WriteRecord(json, node.Scope!);
        json.WriteEndArray();
        json.WriteNull("default");
        json.WriteString("doc", $"Fields of the group {node.Scope!.Path}; null when none of them has a value");
    }

    private static void WriteField(Utf8JsonWriter json, FieldNode node, FieldDefinition field)
    {
        json.WritePropertyName("type");
        switch (field.Field.Type)
        {
            case SpiType.LongSet or SpiType.IntSet or SpiType.Utf8Set or SpiType.Utf8List or SpiType.IpSet:
            case SpiType.Packed or SpiType.RecordSet:
                json.WriteStartObject();
                json.WriteString("type", "array");
                json.WritePropertyName("items");
                if (node.Scope is not null)
                    WriteRecord(json, node.Scope);
                else
                    json.WriteStringValue(ItemType(field));
                json.WriteEndObject();
                json.WriteStartArray("default");
                json.WriteEndArray();
                break;
            case SpiType.Map:
                json.WriteStartObject();
                json.WriteString("type", "map");
                json.WriteString("values", "string");
                json.WriteEndObject();
                json.WriteStartObject("default");
                json.WriteEndObject();
                break;
            case SpiType.Long when field.TypeName == "time":
                json.WriteStartObject();
                json.WriteString("type", "long");
                json.WriteString("logicalType", "timestamp-millis");
                json.WriteEndObject();
                json.WriteNumber("default", field.Default);
                break;
            default:
                json.WriteStringValue(ItemType(field));
                WriteDefault(json, field);
                break;
        }
        json.WriteString("doc", field.Help);
        if (field.Name != field.Avro.Replace("[]", "", StringComparison.Ordinal))
            json.WriteString("arkime.name", field.Name);
    }

    private static void WriteRecord(Utf8JsonWriter json, FieldScope scope)
    {
        json.WriteStartObject();
        json.WriteString("type", "record");
        json.WriteString("name", RecordName(scope));
        WriteFields(json, scope);
        json.WriteEndObject();
    }

    private static string ItemType(FieldDefinition field) =>
        field.TypeName switch
        {
            "int" or "intset" or "packedint" => "int",
            "long" or "longset" or "packed" or "time" => "long",
            "bool" => "boolean",
            "double" => "double",
            _ => "string",
        };

    private static void WriteDefault(Utf8JsonWriter json, FieldDefinition field)
    {
        switch (field.Field.Type)
        {
            case SpiType.Bool:
                json.WriteBoolean("default", false);
                break;
            case SpiType.Double:
                json.WriteNumber("default", 0.0);
                break;
            case SpiType.Long or SpiType.Int:
                json.WriteNumber("default", field.Default);
                break;
            default:
                json.WriteString("default", "");
                break;
        }
    }

    // In a class of its own, because a replay into a file needs none of it: Apache.Avro then is not even loaded.
    private static class ByApache
    {
        public static readonly Schema Schema = Schema.Parse(Json);
        public static readonly byte[] Fingerprint = SchemaNormalization.ParsingFingerprint("CRC-64-AVRO", Schema);
    }
}
