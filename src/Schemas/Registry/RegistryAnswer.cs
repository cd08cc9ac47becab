using System.Net;
using System.Text.Json;

namespace FlowPipe.Schemas.Registry;

/// <summary>What a registry answered: the status, and the JSON that came with it.</summary>
/// <param name="Status">HTTP's status.</param>
/// <param name="Body">The document; undefined when there was none, or something else than JSON.</param>
/// <param name="Url">Who answered.</param>
internal readonly record struct RegistryAnswer(HttpStatusCode Status, JsonElement Body, string Url)
{
    private const int ReasonLengthMax = 300;

    public bool IsSuccess => (int)Status is >= 200 and < 300;

    /// <summary>Whether another try, or another address, may do better.</summary>
    public bool IsTransient => (int)Status >= 500 || Status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;

    /// <summary>The registry's own number for what is wrong, such as 40401 for an unknown subject; 0 when it gave none.</summary>
    public int ErrorCode => Member("error_code") is { ValueKind: JsonValueKind.Number } code && code.TryGetInt32(out int value) ? value : 0;

    /// <summary>Its words, or HTTP's. Some answers hold whole schemas.</summary>
    public string Reason =>
        Text("message") is not { Length: > 0 } message ? $"HTTP status {(int)Status} {Status}"
        : message.Length > ReasonLengthMax ? $"{message[..ReasonLengthMax]}… ({(int)Status})"
        : $"{message} ({(int)Status})";

    public JsonElement Member(string name) =>
        Body.ValueKind == JsonValueKind.Object && Body.TryGetProperty(name, out JsonElement member) ? member : default;

    public string? Text(string name) => Member(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    /// <summary>A whole number of the document.</summary>
    /// <exception cref="SchemaRegistryException">There is none of that name.</exception>
    public int Number(string name) =>
        Member(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out int value)
            ? value
            : throw new SchemaRegistryException(
                RegistryFault.Refused,
                $"schema registry {Url}: the answer has no \"{name}\"; is this a schema registry's address?"
            );
}
