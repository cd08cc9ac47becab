using System.Net;
using System.Text.Json;

namespace FlowPipe.Schemas.Registry;

/// <summary>A registered schema.</summary>
/// <param name="Subject">Its subject.</param>
/// <param name="Id">The number that messages carry, the same in all subjects that have it.</param>
/// <param name="Version">Its number within the subject, from 1.</param>
public readonly record struct RegisteredSchema(string Subject, int Id, int Version);

/// <summary>Whether a registry would take a schema.</summary>
/// <param name="IsCompatible">Whether it would.</param>
/// <param name="Problems">Why not, in the registry's words.</param>
public readonly record struct RegistryVerdict(bool IsCompatible, IReadOnlyList<string> Problems);

/// <summary>
/// Talks to a schema registry that has Confluent's REST interface. Every call may take as long as the settings' retries and time limits say.
/// Safe for several threads. All methods throw <see cref="SchemaRegistryException"/>.
/// </summary>
public sealed class SchemaRegistryClient : IDisposable
{
    /// <summary>How deep schemas may refer to others.</summary>
    private const int ReferenceDepthMax = 16;

    private const int SubjectNotFound = 40401;
    private const int SchemaNotFound = 40403;

    private readonly RegistryHttp _http;

    /// <param name="settings">Where it is; at least one address.</param>
    /// <exception cref="SchemaRegistryException">A file of certificates can't be read.</exception>
    public SchemaRegistryClient(RegistrySettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentOutOfRangeException.ThrowIfZero(settings.Urls.Count, nameof(settings));
        _http = new RegistryHttp(settings);
    }

    /// <summary>Its addresses, for messages.</summary>
    public string Name => _http.Name;

    /// <summary>Looks a schema up in a subject.</summary>
    /// <returns>Null when the subject does not exist or has no such schema.</returns>
    public async Task<RegisteredSchema?> FindAsync(string subject, string schema, CancellationToken stop)
    {
        RegistryAnswer answer = await _http
            .SendAsync(HttpMethod.Post, $"subjects/{Escape(subject)}", Body(schema), stop)
            .ConfigureAwait(false);
        return answer.ErrorCode is SubjectNotFound or SchemaNotFound
            ? null
            : new RegisteredSchema(subject, Checked(answer).Number("id"), answer.Number("version"));
    }

    /// <summary>Registers a schema, which does nothing when the subject has it already.</summary>
    public async Task<RegisteredSchema> RegisterAsync(string subject, string schema, CancellationToken stop)
    {
        RegistryAnswer answer = await _http
            .SendAsync(HttpMethod.Post, $"subjects/{Escape(subject)}/versions", Body(schema), stop)
            .ConfigureAwait(false);
        int id = Checked(answer).Number("id");
        return await FindAsync(subject, schema, stop).ConfigureAwait(false) ?? new RegisteredSchema(subject, id, 0);
    }

    /// <summary>Asks whether a schema would be taken as a subject's next version, by the level that holds for the subject.</summary>
    public async Task<RegistryVerdict> CheckAsync(string subject, string schema, CancellationToken stop)
    {
        RegistryAnswer answer = await _http
            .SendAsync(HttpMethod.Post, $"compatibility/subjects/{Escape(subject)}/versions?verbose=true", Body(schema), stop)
            .ConfigureAwait(false);
        if (answer.ErrorCode == SubjectNotFound)
            return new RegistryVerdict(true, []);
        bool isCompatible = Checked(answer).Member("is_compatible").ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw NoSense(answer, "is_compatible"),
        };
        var problems = new List<string>();
        if (answer.Member("messages") is { ValueKind: JsonValueKind.Array } messages)
        {
            foreach (JsonElement message in messages.EnumerateArray())
                problems.Add(message.ToString());
        }
        return new RegistryVerdict(isCompatible, problems);
    }

    /// <summary>The versions of a subject; none when it does not exist.</summary>
    public async Task<IReadOnlyList<int>> VersionsAsync(string subject, CancellationToken stop)
    {
        RegistryAnswer answer = await _http
            .SendAsync(HttpMethod.Get, $"subjects/{Escape(subject)}/versions", body: null, stop)
            .ConfigureAwait(false);
        var versions = new List<int>();
        if (answer.ErrorCode == SubjectNotFound)
            return versions;
        if (Checked(answer).Body.ValueKind != JsonValueKind.Array)
            throw NoSense(answer, "list of versions");
        foreach (JsonElement version in answer.Body.EnumerateArray())
        {
            if (version.ValueKind == JsonValueKind.Number && version.TryGetInt32(out int number))
                versions.Add(number);
        }
        return versions;
    }

    /// <summary>The compatibility level that holds for a subject: its own, or the registry's.</summary>
    public async Task<string> LevelAsync(string subject, CancellationToken stop)
    {
        RegistryAnswer answer = await _http
            .SendAsync(HttpMethod.Get, $"config/{Escape(subject)}?defaultToGlobal=true", body: null, stop)
            .ConfigureAwait(false);
        return Checked(answer).Text("compatibilityLevel") ?? throw NoSense(answer, "compatibilityLevel");
    }

    /// <summary>Gives a subject a level of its own, such as <c>FULL_TRANSITIVE</c>.</summary>
    public async Task SetLevelAsync(string subject, string level, CancellationToken stop)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["compatibility"] = level },
            RegistryJson.Default.DictionaryStringString
        );
        _ = Checked(await _http.SendAsync(HttpMethod.Put, $"config/{Escape(subject)}", body, stop).ConfigureAwait(false));
    }

    /// <summary>The Avro schema that messages with this number were written with, as one JSON text: what it refers to is put into it.</summary>
    /// <returns>Null when the registry has none of that number.</returns>
    public async Task<string?> SchemaAsync(int id, CancellationToken stop)
    {
        RegistryAnswer answer = await _http.SendAsync(HttpMethod.Get, $"schemas/ids/{id}", body: null, stop).ConfigureAwait(false);
        if (answer.ErrorCode == SchemaNotFound)
            return null;
        if (Checked(answer).Text("schemaType") is { } type && type != "AVRO")
            throw new SchemaRegistryException(RegistryFault.Refused, $"schema registry {answer.Url}: schema {id} is {type}, not Avro");
        var references = new ReferencedSchemas();
        await GatherAsync(answer, references, 0, stop).ConfigureAwait(false);
        string schema = answer.Text("schema") ?? throw NoSense(answer, "schema");
        try
        {
            return references.PutInto(schema);
        }
        catch (JsonException e)
        {
            throw new SchemaRegistryException(
                RegistryFault.Refused,
                $"schema registry {answer.Url}: schema {id} is not JSON: {e.Message}",
                e
            );
        }
    }

    /// <summary>Closes its connections.</summary>
    public void Dispose() => _http.Dispose();

    private async Task GatherAsync(RegistryAnswer answer, ReferencedSchemas references, int depth, CancellationToken stop)
    {
        if (answer.Member("references") is not { ValueKind: JsonValueKind.Array } list)
            return;
        foreach (JsonElement reference in list.EnumerateArray())
        {
            var named = new RegistryAnswer(answer.Status, reference, answer.Url);
            string name = named.Text("name") ?? throw NoSense(answer, "name of a reference");
            string subject = named.Text("subject") ?? throw NoSense(answer, "subject of a reference");
            if (references.Has(name))
                continue;
            if (depth == ReferenceDepthMax)
            {
                throw new SchemaRegistryException(
                    RegistryFault.Refused,
                    $"schema registry {answer.Url}: schemas refer to others more than {ReferenceDepthMax} deep"
                );
            }
            RegistryAnswer other = await _http
                .SendAsync(HttpMethod.Get, $"subjects/{Escape(subject)}/versions/{named.Number("version")}", body: null, stop)
                .ConfigureAwait(false);
            references.Add(name, Checked(other).Text("schema") ?? throw NoSense(other, "schema"));
            await GatherAsync(other, references, depth + 1, stop).ConfigureAwait(false);
        }
    }

    private static RegistryAnswer Checked(RegistryAnswer answer)
    {
        if (answer.IsSuccess)
            return answer;
        RegistryFault fault = answer.Status switch
        {
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => RegistryFault.Unauthorized,
            HttpStatusCode.NotFound => RegistryFault.NotFound,
            HttpStatusCode.Conflict => RegistryFault.Incompatible,
            _ => RegistryFault.Refused,
        };
        string advice =
            fault == RegistryFault.Unauthorized
                ? "; check schema.registry.basic.auth.user.info, the client certificate, and what they may do"
                : "";
        throw new SchemaRegistryException(fault, $"schema registry {answer.Url}: {answer.Reason}{advice}");
    }

    private static SchemaRegistryException NoSense(RegistryAnswer answer, string lacks) =>
        new(RegistryFault.Refused, $"schema registry {answer.Url}: the answer has no {lacks}; is this a schema registry's address?");

    private static byte[] Body(string schema) =>
        JsonSerializer.SerializeToUtf8Bytes(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["schema"] = schema },
            RegistryJson.Default.DictionaryStringString
        );

    private static string Escape(string subject) => Uri.EscapeDataString(subject);
}
