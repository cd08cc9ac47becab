using System.Globalization;

namespace FlowPipe.Pipeline.Terminal;

/// <summary>Numbers as people read them.</summary>
internal static class Figures
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB"];

    /// <summary>With groups: 1,234,567.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>With three digits at least and a unit of ten to the third: 1.23 MB.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1000 && unit < Units.Length - 1)
        {
            value /= 1000;
            unit++;
        }
        string format =
            unit == 0 ? "0"
            : value < 10 ? "0.00"
            : value < 100 ? "0.0"
            : "0";
        return value.ToString(format, CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>A rate: 1.2 M/s.</summary>
    public static string Rate(double perSecond) =>
        perSecond switch
        {
            >= 1e6 => (perSecond / 1e6).ToString("0.0", CultureInfo.InvariantCulture) + " M/s",
            >= 1e4 => (perSecond / 1e3).ToString("0", CultureInfo.InvariantCulture) + " k/s",
            _ => perSecond.ToString("0", CultureInfo.InvariantCulture) + "/s",
        };
}
