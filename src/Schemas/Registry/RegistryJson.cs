using System.Text.Json.Serialization;

namespace FlowPipe.Schemas.Registry;

/// <summary>Generated serializers: nothing is found by reflection.</summary>
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class RegistryJson : JsonSerializerContext;
