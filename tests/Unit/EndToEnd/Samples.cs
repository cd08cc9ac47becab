using System.Globalization;
using FlowPipe.Tests.Unit.Schemas;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>
/// What the samples hold, as tshark counted it when they were recorded: the table at the end of samples/README.md. A new recording has other
/// numbers, and needs no new tests.
/// </summary>
internal static class Samples
{
    private static readonly Lazy<Dictionary<string, string[]>> Rows = new(ReadTable);

    public static int Packets(string sample) => Number(Rows.Value[sample][2]);

    /// <summary>Conversations, those of one protocol or all that make sessions.</summary>
    public static int Sessions(string sample, string? protocol = null)
    {
        int sum = 0;
        foreach (string conversations in Rows.Value[sample][3].Split(", "))
        {
            // "4 TCP", or "ARP", which has none
            if (conversations.Split(' ') is [var count, var name] && (protocol is null || protocol == name))
                sum += Number(count);
        }
        Assert.True(sum > 0, $"samples/README.md has no conversations of {sample} {protocol}");
        return sum;
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);

    // | `dns.pcap` | 9,047 | 72 | 4 TCP, 16 UDP |
    private static Dictionary<string, string[]> ReadTable()
    {
        var rows = new Dictionary<string, string[]>(StringComparer.Ordinal);
        foreach (string line in File.ReadAllLines(Repository.Path("samples", "README.md")))
        {
            string[] cells = line.Trim('|').Split('|', StringSplitOptions.TrimEntries);
            if (cells.Length == 4 && cells[0].StartsWith('`'))
                rows.Add(cells[0].Trim('`'), cells);
        }
        return rows;
    }
}
