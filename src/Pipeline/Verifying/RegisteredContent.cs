using FlowPipe.Core.Digests;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Schemas;
using FlowPipe.Schemas.Registry;

namespace FlowPipe.Pipeline.Verifying;

/// <summary>A schema of session records, and how records of it are looked at.</summary>
internal sealed class SchemaContent(string schema)
{
    public string Schema => schema;

    public AvroContent Content { get; } = new(schema);

    public string Fingerprint { get; } = new AvroSingleObject(schema).Fingerprint;
}

/// <summary>A schema of a registry, and how records of it are looked at; or why they can't be.</summary>
internal sealed record RegisteredContent(SchemaContent? Content, string? Fault)
{
    private static readonly string Ours = $"{SessionSchema.Namespace}.{SessionSchema.Name}";

    /// <summary>Asks for the schema of a number. Blocks.</summary>
    /// <exception cref="Core.FlowPipeException">The registry does not answer, or refuses us.</exception>
    public static RegisteredContent Ask(SchemaRegistryClient registry, int id, CancellationToken stop)
    {
        string? schema;
        try
        {
            schema = registry.SchemaAsync(id, stop).GetAwaiter().GetResult();
        }
        catch (SchemaRegistryException e)
        {
            throw RegistryFaults.ToUser(e);
        }
        if (schema is null)
            return new RegisteredContent(null, $"its schema, number {id}, is not in the registry {registry.Name}");
        try
        {
            string name = new AvroJsonReader(schema).Name;
            return name == Ours
                ? new RegisteredContent(new SchemaContent(schema), null)
                : new RegisteredContent(null, $"its schema, number {id}, is not of session records but of {name}");
        }
        catch (Exception e) when (e is InvalidDataException or Avro.AvroException or ArgumentException)
        {
            return new RegisteredContent(null, $"its schema, number {id}, can't be used: {e.Message}");
        }
    }
}
