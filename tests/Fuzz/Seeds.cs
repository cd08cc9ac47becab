namespace FlowPipe.Tests.Fuzz;

/// <summary>What fuzzing begins with: the samples, and the corpus of malformed captures where there is one.</summary>
internal static class Seeds
{
    public static IEnumerable<string> Samples => Files(Path.Combine(AppContext.BaseDirectory, "samples"));

    /// <summary>Beside the repository; empty when it is not there.</summary>
    public static IEnumerable<string> Malformed
    {
        get
        {
            for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                string corpus = Path.Combine(folder.FullName, "shared", "corpus", "malformed", "pcap");
                if (Directory.Exists(corpus))
                    return Files(corpus);
            }
            return [];
        }
    }

    /// <summary>The bytes with a few of them changed, cut off or repeated; always the same for the same seed.</summary>
    public static byte[] Mutate(byte[] bytes, int seed)
    {
        var random = new Random(seed);
        var result = new List<byte>(bytes);
        for (int change = random.Next(1, 6); change > 0 && result.Count > 0; change--)
        {
            int at = random.Next(result.Count);
            switch (random.Next(5))
            {
                case 0:
                    result[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    result[at] = (byte)(random.Next(2) * 255);
                    break;
                case 2:
                    result.RemoveRange(at, Math.Min(random.Next(1, 20), result.Count - at));
                    break;
                case 3:
                    result.InsertRange(at, result.GetRange(at, Math.Min(random.Next(1, 20), result.Count - at)));
                    break;
                default:
                    result.RemoveRange(at, result.Count - at);
                    break;
            }
        }
        return [.. result];
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal);
}
