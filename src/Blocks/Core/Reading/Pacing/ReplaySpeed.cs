using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace FlowPipe.Core.Reading.Pacing;

/// <summary>How fast captures are replayed: so many times as fast as they were made, so many packets a second, or as fast as it goes.</summary>
public sealed record ReplaySpeed
{
    private const double FactorMost = 1_000_000;
    private const double RateMost = 1_000_000_000;

    private const string PerSecond = "pps";

    /// <summary>Packet time that passes in a second; 0 where <see cref="PacketsPerSecond"/> rules.</summary>
    public double Factor { get; private init; }

    /// <summary>Packets a second; 0 where <see cref="Factor"/> rules.</summary>
    public double PacketsPerSecond { get; private init; }

    /// <summary>As fast as it goes.</summary>
    public static ReplaySpeed Max { get; } = new();

    /// <summary>Whether nothing waits for its time.</summary>
    public bool IsMax => this == Max;

    /// <summary>Reads <c>1x</c>, <c>0.5x</c>, <c>1000pps</c>, <c>1000 pps</c> or <c>max</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ReplaySpeed? speed)
    {
        text = text.Trim();
        speed = null;
        if (text.Equals("max", StringComparison.OrdinalIgnoreCase))
            speed = Max;
        else if (text.EndsWith(PerSecond, StringComparison.OrdinalIgnoreCase))
            speed = Number(text[..^PerSecond.Length], RateMost) is { } rate ? new ReplaySpeed { PacketsPerSecond = rate } : null;
        else if (text.EndsWith('x') || text.EndsWith('X'))
            speed = Number(text[..^1], FactorMost) is { } factor ? new ReplaySpeed { Factor = factor } : null;
        return speed is not null;
    }

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() =>
        IsMax ? "max"
        : Factor > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Factor:0.######}x")
        : string.Create(CultureInfo.InvariantCulture, $"{PacketsPerSecond:0.######}{PerSecond}");

    private static double? Number(string text, double most) =>
        double.TryParse(
            text,
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture,
            out double number
        )
        && number >= 0.001
        && number <= most
            ? number
            : null;
}
