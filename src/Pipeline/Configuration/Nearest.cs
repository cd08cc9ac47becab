namespace FlowPipe.Pipeline.Configuration;

/// <summary>Finds the name that was probably meant.</summary>
internal static class Nearest
{
    /// <summary>The candidate with the fewest letters to change, insert or leave out (Levenshtein), whatever their case; the first of several.</summary>
    public static string Of(string given, IEnumerable<string> candidates)
    {
        string best = "";
        int least = int.MaxValue;
        foreach (string candidate in candidates)
        {
            int distance = Distance(given, candidate);
            if (distance >= least)
                continue;
            least = distance;
            best = candidate;
        }
        return best;
    }

    private static int Distance(string a, string b)
    {
        // What is longer than any name can't be near to one; the bound keeps a hostile key from costing its square.
        if (a.Length > 256)
            a = a[..256];
        int[] previous = new int[b.Length + 1];
        int[] current = new int[b.Length + 1];
        for (int j = 0; j <= b.Length; j++)
            previous[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = char.ToUpperInvariant(a[i - 1]) == char.ToUpperInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(current[j - 1], previous[j]) + 1, previous[j - 1] + change);
            }
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
