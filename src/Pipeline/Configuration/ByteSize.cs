using System.Globalization;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>Sizes as Suricata writes them: <c>256mb</c>, where a kilobyte has 1,024 bytes.</summary>
internal static class ByteSize
{
    private static readonly string[] Units = ["", "kb", "mb", "gb", "tb"];

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        string number = text.TrimEnd([.. "kKmMgGtTbB"]).TrimEnd();
        string unit = text[number.Length..].Trim();
        int power = Array.FindIndex(Units, known => known.Equals(unit, StringComparison.OrdinalIgnoreCase));
        if (power < 0 || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long count))
            return false;
        if (count > long.MaxValue >> (10 * power))
            return false;
        bytes = count << (10 * power);
        return true;
    }

    /// <summary>In the largest unit that leaves no rest.</summary>
    public static string Format(long bytes)
    {
        int power = 0;
        while (bytes != 0 && bytes % 1024 == 0 && power < Units.Length - 1)
        {
            bytes /= 1024;
            power++;
        }
        return bytes.ToString(CultureInfo.InvariantCulture) + Units[power];
    }
}
