using FlowPipe.Core.Emitting.Routing;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>
/// A route as people write it in a file:
/// <code>
/// routes:
///   - topic: flowpipe.dns.v1
///     protocols: [dns, mdns]
///     only: true
/// </code>
/// </summary>
internal static class RouteYaml
{
    private const string Section = "routes";

    public static bool IsRoutes(string path) => path.Equals(Section, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one, as the text that stands for it everywhere else.</summary>
    /// <exception cref="Core.FlowPipeException">There is something else in it.</exception>
    public static string Read(IParser parser, string file)
    {
        MappingStart start = parser.Consume<MappingStart>();
        string topic = "";
        var protocols = new List<string>();
        var tags = new List<string>();
        bool only = false;
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out Scalar? name))
                throw YamlConfig.At(file, parser.Current!, "a route has topic, protocols, tags and only");
            List<string> values = Values(parser, file, name);
            switch (name.Value)
            {
                case "topic" when values is [var one]:
                    topic = one;
                    break;
                case "protocols" or "protocol":
                    protocols.AddRange(values);
                    break;
                case "tags" or "tag":
                    tags.AddRange(values);
                    break;
                case "only" when values is [var truth] && bool.TryParse(truth, out only):
                    break;
                default:
                    throw YamlConfig.At(
                        file,
                        name,
                        $"a route has topic, protocols, tags and only (true or false), not \"{name.Value}\" like this"
                    );
            }
        }
        var route = new Route
        {
            Topic = topic,
            Protocols = protocols,
            Tags = tags,
            Only = only,
        };
        return Route.TryParse(route.ToString()) is null
            ? throw YamlConfig.At(file, start, "a route needs a topic's name, and protocols or tags")
            : route.ToString();
    }

    private static List<string> Values(IParser parser, string file, Scalar name)
    {
        if (parser.TryConsume<Scalar>(out Scalar? single))
            return [single.Value];
        if (!parser.TryConsume<SequenceStart>(out _))
            throw YamlConfig.At(file, name, $"{name.Value} of a route must be a value or a list of values");
        var values = new List<string>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out Scalar? item))
                throw YamlConfig.At(file, name, $"{name.Value} of a route must be a list of plain values");
            values.Add(item.Value);
        }
        return values;
    }
}
