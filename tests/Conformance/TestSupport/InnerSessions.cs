using System.Text.Json;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;

namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>The sessions that FlowPipe finds in a capture, each as one line: who, and how many packets and bytes of payload each way.</summary>
internal static class InnerSessions
{
    /// <summary>In order of their lines.</summary>
    public static async Task<List<string>> OfAsync(string path)
    {
        var lines = new List<string>();
        foreach (JsonElement document in await DocumentsAsync(path))
        {
            JsonElement source = document.GetProperty("source");
            JsonElement destination = document.GetProperty("destination");
            lines.Add(
                $"{document.GetProperty("ipProtocol")} {End(source)} > {End(destination)}: "
                    + $"{source.GetProperty("packets")} > {destination.GetProperty("packets")} packets, "
                    + $"{document.GetProperty("client").GetProperty("bytes")} > {document.GetProperty("server").GetProperty("bytes")} bytes"
            );
        }
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>The records in JSON.</summary>
    public static async Task<List<JsonElement>> DocumentsAsync(string path)
    {
        await using var sink = new CollectingSink(avro: false, json: true);
        // Sessions as tshark counts them: by ends alone, whatever the time between packets.
        var sessions = new SessionSettings
        {
            TcpTimeout = 86_400,
            UdpTimeout = 86_400,
            SctpTimeout = 86_400,
        };
        var run = new InProcessRun
        {
            Reading = new FileReaderSettings { Inputs = [new CaptureInput(path)] },
            Sessions = sessions,
        };
        await run.IntoAsync(sink);
        return [.. sink.Json.Select(static json => JsonDocument.Parse(json).RootElement)];
    }

    private static string End(JsonElement end) =>
        end.TryGetProperty("ip", out JsonElement ip) ? $"{ip.GetString()} {end.GetProperty("port")}" : "";
}
