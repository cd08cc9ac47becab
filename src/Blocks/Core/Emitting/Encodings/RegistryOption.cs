using FlowPipe.Schemas.Registry;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>The option <c>registry</c> of a topic's URI.</summary>
public static class RegistryOption
{
    /// <summary>The option's name.</summary>
    public const string Name = "registry";

    /// <summary>The settings with the option's addresses instead of theirs, where it is given.</summary>
    /// <exception cref="FlowPipeException">It is no address.</exception>
    public static RegistrySettings Apply(SinkUri uri, RegistrySettings settings)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(settings);
        string option = uri.Option(Name, "");
        if (option.Length == 0)
        {
            return settings;
        }

        string[] urls = option.Split(',');
        foreach (string url in urls)
        {
            if (!RegistrySettings.IsUrl(url))
            {
                // People put passwords before an at sign.
                string shown = url[(url.LastIndexOf('@') + 1)..];
                throw new FlowPipeException(
                    $"'{uri.Scheme}:{uri.Target}': option {Name}: '{shown}' is no registry's address; write http://HOST:PORT, and user and password "
                        + "into kafka.schema.registry.basic.auth.user.info"
                );
            }
        }

        return settings with
        {
            Urls = urls,
        };
    }
}
