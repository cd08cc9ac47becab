using System.Text;
using System.Text.Json;

namespace FlowPipe.Tests.Benchmarks;

/// <summary>A record as it goes to Kafka.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">The message's key.</param>
/// <param name="Value">Its document.</param>
internal sealed record ProducedRecord(Guid Id, byte[] Key, byte[] Value);

/// <summary>The records of a run from the file that <c>--to ndjson:FILE</c> has written, for producers that are measured without the rest.</summary>
internal static class ProducedRecords
{
    public static IEnumerable<ProducedRecord> Read(string file)
    {
        foreach (string line in File.ReadLines(file))
        {
            byte[] value = Encoding.UTF8.GetBytes(line);
            JsonElement document = JsonElement.Parse(value);
            Guid id = document.GetProperty("flowpipe").GetProperty("id").GetGuid();
            string key = document.GetProperty("network").TryGetProperty("community_id", out JsonElement community)
                ? community.GetString()!
                : $"0:{id:N}";
            yield return new ProducedRecord(id, Encoding.UTF8.GetBytes(key), value);
        }
    }

    /// <summary>librdkafka's settings, given as NAME=VALUE.</summary>
    public static Dictionary<string, string> Settings(string[] settings)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string setting in settings)
        {
            int equals = setting.IndexOf('=', StringComparison.Ordinal);
            all[setting[..equals]] = setting[(equals + 1)..];
        }
        return all;
    }
}
