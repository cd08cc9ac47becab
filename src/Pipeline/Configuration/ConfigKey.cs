using System.Globalization;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>What a value looks like outside: a list takes several, the others one; text is quoted in JSON and YAML, the others are not.</summary>
internal enum ConfigKind
{
    Number,
    Truth,
    Text,
    List,
}

/// <summary>One setting: its name, what it accepts, what it is for, the flag that also sets it, and how to read and write it.</summary>
internal abstract class ConfigKey(string path, ConfigKind kind, string accepts, string help)
{
    /// <summary>Section and name, such as <c>sessions.tcpTimeout</c>.</summary>
    public string Path => path;

    public ConfigKind Kind => kind;

    /// <summary>What it accepts, to follow "must be".</summary>
    public string Accepts => accepts;

    /// <summary>One sentence, without a full stop.</summary>
    public string Help => help;

    /// <summary>The flag of <c>replay</c> that sets it, such as <c>--node</c>.</summary>
    public string? Flag { get; init; }

    /// <summary>What stands for the flag's value in help, such as <c>NAME</c>.</summary>
    public string FlagValue { get; init; } = "VALUE";

    /// <summary>The settings with this one changed; null when it does not accept the value.</summary>
    public abstract FlowPipeSettings? Apply(FlowPipeSettings settings, IReadOnlyList<string> values);

    /// <summary>Its value as text; a list's values one by one.</summary>
    public abstract IReadOnlyList<string> Read(FlowPipeSettings settings);

    public static ConfigKey Number(
        string path,
        int least,
        int most,
        Func<FlowPipeSettings, int> get,
        Func<FlowPipeSettings, int, FlowPipeSettings> set,
        string help,
        string? flag = null,
        string flagValue = "N"
    ) =>
        new SingleKey(
            path,
            ConfigKind.Number,
            $"a whole number from {least} to {most}",
            help,
            settings => get(settings).ToString(CultureInfo.InvariantCulture),
            (settings, text) =>
                int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
                && number >= least
                && number <= most
                    ? set(settings, number)
                    : null
        )
        {
            Flag = flag,
            FlagValue = flagValue,
        };

    /// <summary>Gigabytes, as Arkime has them: a number that may have a fraction, kept as bytes.</summary>
    public static ConfigKey Gigabytes(
        string path,
        double least,
        double most,
        Func<FlowPipeSettings, long> get,
        Func<FlowPipeSettings, long, FlowPipeSettings> set,
        string help
    ) =>
        new SingleKey(
            path,
            ConfigKind.Number,
            string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"),
            help,
            settings => (get(settings) / (double)(1 << 30)).ToString("0.######", CultureInfo.InvariantCulture),
            (settings, text) =>
                double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                && number >= least
                && number <= most
                    ? set(settings, (long)Math.Round(number * (1 << 30)))
                    : null
        );

    /// <summary>Bytes: a number with a unit of ten to the third power of two, as Suricata has them; 0 for none.</summary>
    public static ConfigKey Size(
        string path,
        long least,
        Func<FlowPipeSettings, long> get,
        Func<FlowPipeSettings, long, FlowPipeSettings> set,
        string help,
        bool orNone = true
    ) =>
        new SingleKey(
            path,
            ConfigKind.Text,
            $"{(orNone ? "0 or " : "")}a size from {ByteSize.Format(least)} on, such as 256mb or 4gb",
            help,
            settings => ByteSize.Format(get(settings)),
            (settings, text) =>
                ByteSize.TryParse(text, out long bytes) && ((bytes == 0 && orNone) || bytes >= least) ? set(settings, bytes) : null
        );

    public static ConfigKey Truth(
        string path,
        Func<FlowPipeSettings, bool> get,
        Func<FlowPipeSettings, bool, FlowPipeSettings> set,
        string help,
        string? flag = null
    ) =>
        new SingleKey(
            path,
            ConfigKind.Truth,
            "true or false",
            help,
            settings => get(settings) ? "true" : "false",
            (settings, text) => bool.TryParse(text, out bool truth) ? set(settings, truth) : null
        )
        {
            Flag = flag,
        };

    public static ConfigKey Choice(
        string path,
        string[] choices,
        Func<FlowPipeSettings, string> get,
        Func<FlowPipeSettings, string, FlowPipeSettings> set,
        string help,
        string? flag = null,
        string flagValue = "VALUE"
    ) =>
        new SingleKey(
            path,
            ConfigKind.Text,
            "one of " + string.Join(", ", choices),
            help,
            get,
            (settings, text) =>
                Array.Find(choices, choice => choice.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } choice
                    ? set(settings, choice)
                    : null
        )
        {
            Flag = flag,
            FlagValue = flagValue,
        };

    public static ConfigKey Text(
        string path,
        string accepts,
        Func<string, bool> isValid,
        Func<FlowPipeSettings, string> get,
        Func<FlowPipeSettings, string, FlowPipeSettings> set,
        string help,
        string? flag = null,
        string flagValue = "VALUE"
    ) =>
        new SingleKey(path, ConfigKind.Text, accepts, help, get, (settings, text) => isValid(text) ? set(settings, text) : null)
        {
            Flag = flag,
            FlagValue = flagValue,
        };

    public static ConfigKey List(
        string path,
        string accepts,
        Func<string, bool> isValid,
        Func<FlowPipeSettings, IReadOnlyList<string>> get,
        Func<FlowPipeSettings, IReadOnlyList<string>, FlowPipeSettings?> set,
        string help,
        string? flag = null,
        string flagValue = "VALUE"
    ) => new ListKey(path, accepts, help, isValid, get, set) { Flag = flag, FlagValue = flagValue };

    private sealed class SingleKey(
        string path,
        ConfigKind kind,
        string accepts,
        string help,
        Func<FlowPipeSettings, string> get,
        Func<FlowPipeSettings, string, FlowPipeSettings?> set
    ) : ConfigKey(path, kind, accepts, help)
    {
        public override FlowPipeSettings? Apply(FlowPipeSettings settings, IReadOnlyList<string> values) =>
            values is [var text] ? set(settings, text) : null;

        public override IReadOnlyList<string> Read(FlowPipeSettings settings) => [get(settings)];
    }

    private sealed class ListKey(
        string path,
        string accepts,
        string help,
        Func<string, bool> isValid,
        Func<FlowPipeSettings, IReadOnlyList<string>> get,
        Func<FlowPipeSettings, IReadOnlyList<string>, FlowPipeSettings?> set
    ) : ConfigKey(path, ConfigKind.List, accepts, help)
    {
        public override FlowPipeSettings? Apply(FlowPipeSettings settings, IReadOnlyList<string> values) =>
            values.All(isValid) ? set(settings, values) : null;

        public override IReadOnlyList<string> Read(FlowPipeSettings settings) => get(settings);
    }
}
