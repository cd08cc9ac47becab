using System.Text.Json;
using FlowPipe.Core.Reading;
using FlowPipe.Core.Sessions;
using FlowPipe.Tests.Conformance.TestSupport;

namespace FlowPipe.Tests.Conformance;

/// <summary>
/// Fingerprints of handshakes against what other programs say of the same captures: JA3, JA3S and HASSH by tshark, JA4 by its authors' tools.
/// A row of a table is met when the session between its two ends has its value. fingerprint-exceptions.tsv names the captures whose protocols are
/// to come.
/// </summary>
public sealed class FingerprintTests
{
    [Fact]
    public Task Ja3() => CheckAsync("ja3.tsv", "kind", "hash", "string", 700);

    [Fact]
    public Task Hassh() => CheckAsync("hassh.tsv", "kind", "hash", null, 20);

    [Fact]
    public Task Ja4() => CheckAsync("ja4.tsv", "ja4", "ja4", "ja4_r", 130);

    /// <summary>Rows whose tools disagree are left out.</summary>
    private static async Task CheckAsync(string table, string kind, string value, string? text, int least)
    {
        string corpus = Repository.Shared("corpus", "fingerprints");
        HashSet<string> excepted = Exceptions();
        List<string> wrong = [];
        int checks = 0;
        foreach (IGrouping<string, Row> capture in Rows(Path.Combine(corpus, table)).GroupBy(static row => row["pcap"]))
        {
            int before = wrong.Count;
            List<JsonElement> documents = await DocumentsAsync(Path.Combine(corpus, "pcap", capture.Key));
            foreach (Row row in capture.Where(static row => row["cross_check"] is not ("rust-no" or "python-no")))
            {
                string field = kind == "kind" ? row["kind"] : kind;
                HashSet<string> found = [.. documents.Where(row.IsOf).SelectMany(document => Values(document, field))];
                checks++;
                if (!found.Contains(row[value]))
                    wrong.Add($"{capture.Key} {row.Ends}: {field} {row[value]} is not among [{string.Join(' ', found)}]");
                if (text is null || row[text].Length == 0)
                    continue;
                string textField = text == "string" ? field + "string" : text;
                if (!documents.Where(row.IsOf).SelectMany(document => Values(document, textField)).Contains(row[text]))
                    wrong.Add($"{capture.Key} {row.Ends}: {textField} {row[text]} is missing");
            }
            if (!excepted.Contains(capture.Key))
                continue;
            bool differs = wrong.Count > before;
            wrong.RemoveRange(before, wrong.Count - before);
            if (!differs)
                wrong.Add($"{capture.Key}: all rows are met: take it out of fingerprint-exceptions.tsv");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {checks}:\n{string.Join('\n', wrong)}");
        Assert.True(checks >= least, $"{checks} rows");
    }

    private static HashSet<string> Exceptions() =>
        File.ReadLines(Repository.Path("tests", "Conformance", "fingerprint-exceptions.tsv"))
            .Where(static line => !line.StartsWith('#'))
            .Skip(1)
            .Select(static line => line.Split('\t')[0])
            .ToHashSet();

    private static async Task<List<JsonElement>> DocumentsAsync(string capture)
    {
        var run = new InProcessRun
        {
            Reading = new FileReaderSettings { Inputs = [new CaptureInput(capture)] },
            Sessions = new SessionSettings
            {
                SessionIdTracking = "vlan",
                Parsers = new Dictionary<string, string> { ["ja3Strings"] = "true", ["ja4Raw"] = "true" },
            },
        };
        await using var sink = new CollectingSink(avro: false, json: true);
        await run.IntoAsync(sink);
        return [.. sink.Json.Select(static bytes => JsonSerializer.Deserialize<JsonElement>(bytes))];
    }

    private static IEnumerable<string> Values(JsonElement document, string field)
    {
        foreach (string group in (string[])["tls", "ssh"])
        {
            if (!document.TryGetProperty(group, out JsonElement values) || !values.TryGetProperty(field, out JsonElement all))
                continue;
            foreach (JsonElement one in all.EnumerateArray())
                yield return one.GetString()!;
        }
    }

    private static IEnumerable<Row> Rows(string table)
    {
        string[] lines = File.ReadAllLines(table);
        string[] names = lines[0].Split('\t');
        return lines.Skip(1).Select(line => new Row(names, line.Split('\t')));
    }

    /// <summary>A line of a table.</summary>
    private sealed class Row(string[] names, string[] columns)
    {
        /// <summary>The value of a column; empty where the table has none of that name.</summary>
        public string this[string name] => Array.IndexOf(names, name) is >= 0 and var at && at < columns.Length ? columns[at] : "";

        public string Ends => $"{this["src"]} {this["sport"]} {this["dst"]} {this["dport"]}";

        /// <summary>Whether a document is of the session between the row's ends, as far as it names them.</summary>
        public bool IsOf(JsonElement document)
        {
            string[] source = [.. EndsOf(document, "source", "srcOuterIp")];
            string[] destination = [.. EndsOf(document, "destination", "dstOuterIp")];
            string from = $"{this["src"]} {this["sport"]}".Trim();
            string to = $"{this["dst"]} {this["dport"]}".Trim();
            return (Is(source, from) && Is(destination, to)) || (Is(source, to) && Is(destination, from));
        }

        private static bool Is(string[] ends, string named) => named.Length == 0 || ends.Contains(named);

        /// <summary>Address and port of a side. In tunnels the tables have the outer address with the inner port.</summary>
        private static IEnumerable<string> EndsOf(JsonElement document, string side, string outer)
        {
            if (
                !document.TryGetProperty(side, out JsonElement end)
                || !end.TryGetProperty("ip", out JsonElement ip)
                || !end.TryGetProperty("port", out JsonElement port)
            )
                yield break;
            yield return $"{ip.GetString()} {port.GetInt32()}";
            if (!document.TryGetProperty(outer, out JsonElement addresses))
                yield break;
            foreach (JsonElement address in addresses.EnumerateArray())
                yield return $"{address.GetString()} {port.GetInt32()}";
        }
    }
}
