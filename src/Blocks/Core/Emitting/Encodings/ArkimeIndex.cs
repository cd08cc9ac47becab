using System.Globalization;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>
/// Names of Arkime's indices: <c>arkime_sessions3-</c> and, by <c>rotateIndex</c>, the date of the session's last packet in UTC. Arkime's viewer
/// finds a document's index by what its id begins with, so ids have the date in them, too.
/// </summary>
internal sealed class ArkimeIndex
{
    private readonly Func<DateTimeOffset, string> _dateOf;
    private long _second = long.MinValue;
    private string _date = "";

    /// <param name="rotation">One of <see cref="Rotations"/>.</param>
    public ArkimeIndex(string rotation)
    {
        const string Hourly = "hourly";
        _dateOf = rotation switch
        {
            "weekly" => static time => string.Create(CultureInfo.InvariantCulture, $"{time:yy}w{(time.DayOfYear - 1) / 7:00}"),
            "monthly" => static time => string.Create(CultureInfo.InvariantCulture, $"{time:yy}m{time:MM}"),
            Hourly => static time => HoursOf(time, 1),
            _ when rotation.StartsWith(Hourly, StringComparison.Ordinal) => time =>
                HoursOf(time, int.Parse(rotation.AsSpan(Hourly.Length), NumberStyles.None, CultureInfo.InvariantCulture)),
            _ => static time => time.ToString("yyMMdd", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>What <c>rotateIndex</c> may be.</summary>
    public static string[] Rotations { get; } =
    ["hourly", "hourly2", "hourly3", "hourly4", "hourly6", "hourly8", "hourly12", "daily", "weekly", "monthly"];

    /// <summary>The date as it stands in the names.</summary>
    /// <param name="lastPacketNs">Time of the session's last packet, nanoseconds since 1970-01-01 UTC.</param>
    public string DateOf(long lastPacketNs)
    {
        long second = (long)Math.Floor((decimal)lastPacketNs / 1_000_000_000);
        if (second != _second)
        {
            _second = second;
            _date = _dateOf(DateTimeOffset.FromUnixTimeSeconds(second));
        }

        return _date;
    }

    private static string HoursOf(DateTimeOffset time, int hours) =>
        string.Create(CultureInfo.InvariantCulture, $"{time:yyMMdd}h{time.Hour / hours * hours:00}");
}
