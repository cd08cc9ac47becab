using System.Globalization;
using FlowPipe.Core;

namespace FlowPipe.Pipeline.Consuming;

/// <summary>A time on the command line: a date and time, or so long ago.</summary>
internal static class TimePoint
{
    private static readonly (string Unit, double Seconds)[] Units = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400)];

    /// <summary>The time, UTC.</summary>
    /// <param name="option">Whose value it is, for the message.</param>
    /// <param name="text"><c>2026-05-01T12:00:00Z</c> (UTC without a zone), <c>2026-05-01</c>, <c>90s</c>, <c>15m</c>, <c>2h</c>, <c>1d</c>.</param>
    /// <param name="now">The time now, UTC.</param>
    /// <exception cref="FlowPipeException">It is neither.</exception>
    public static DateTime Parse(string option, string text, DateTime now)
    {
        foreach ((string unit, double seconds) in Units)
        {
            if (
                text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(
                    text.AsSpan(0, text.Length - 1),
                    NumberStyles.AllowDecimalPoint,
                    CultureInfo.InvariantCulture,
                    out double count
                )
                && count * seconds < (now - DateTime.UnixEpoch).TotalSeconds
            )
                return now.AddSeconds(-count * seconds);
        }
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, Utc, out DateTime time) && time >= DateTime.UnixEpoch
            ? time
            : throw new FlowPipeException(
                $"{option} {text}: this is no time; write 2026-05-01T12:00:00Z, or how long ago as 90s, 15m, 2h or 1d"
            );
    }
}
