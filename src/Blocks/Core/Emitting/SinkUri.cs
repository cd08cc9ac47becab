namespace FlowPipe.Core.Emitting;

/// <summary>
/// A sink as its user names it: <c>scheme:target?option=value&amp;option=value</c>. Says nothing about which schemes and options there are.
/// </summary>
public sealed class SinkUri
{
    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    private SinkUri(string text, string scheme, string target)
    {
        Text = text;
        Scheme = scheme;
        Target = target;
    }

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>What stands before the colon.</summary>
    public string Scheme { get; }

    /// <summary>What stands between the colon and the options, taken as it is.</summary>
    public string Target { get; }

    /// <summary>The options, decoded.</summary>
    public IReadOnlyDictionary<string, string> Options => _options;

    /// <summary>Takes a sink's name apart.</summary>
    /// <exception cref="FlowPipeException">It has no scheme, or an option without a value or given twice.</exception>
    public static SinkUri Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            throw new FlowPipeException($"sink '{text}': no scheme; write one of {SinkFactory.Forms}");
        }

        int query = text.IndexOf('?', colon);
        string target = query < 0 ? text[(colon + 1)..] : text[(colon + 1)..query];
        var uri = new SinkUri(text, text[..colon], target);
        if (query >= 0)
        {
            foreach (string option in text[(query + 1)..].Split('&'))
            {
                uri.AddOption(option);
            }
        }

        return uri;
    }

    /// <summary>Refuses every option but these.</summary>
    /// <exception cref="FlowPipeException">There is another; the message names it and those that exist.</exception>
    public void Allow(params ReadOnlySpan<string> options)
    {
        foreach (string option in _options.Keys)
        {
            if (!options.Contains(option))
            {
                string known = options.IsEmpty ? $"{Scheme}: takes none" : $"{Scheme}: takes {string.Join(", ", options!)}";
                throw new FlowPipeException($"sink '{Scheme}:{Target}': unknown option '{option}'; {known}");
            }
        }
    }

    /// <summary>An option's value, or what holds without it.</summary>
    public string Option(string name, string otherwise) => _options.GetValueOrDefault(name, otherwise);

    /// <summary>An option that is a whole number.</summary>
    /// <exception cref="FlowPipeException">It is none, or out of range.</exception>
    public int Number(string name, int otherwise, int minimum, int maximum)
    {
        if (!_options.TryGetValue(name, out string? value))
        {
            return otherwise;
        }

        return
            int.TryParse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number)
            && number >= minimum
            && number <= maximum
            ? number
            : throw new FlowPipeException(
                $"sink '{Scheme}:{Target}': option {name}={value}: not a whole number from {minimum} to {maximum}"
            );
    }

    private void AddOption(string option)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0 || equals == option.Length - 1)
        {
            throw new FlowPipeException($"sink '{Scheme}:{Target}': option '{option}' is not NAME=VALUE");
        }

        if (!_options.TryAdd(option[..equals], Uri.UnescapeDataString(option[(equals + 1)..])))
        {
            throw new FlowPipeException($"sink '{Scheme}:{Target}': option '{option[..equals]}' is given twice");
        }
    }
}
