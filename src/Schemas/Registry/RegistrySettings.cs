namespace FlowPipe.Schemas.Registry;

/// <summary>Where the schema registry is and how it is talked to. The settings' names are Confluent's.</summary>
public sealed record RegistrySettings
{
    /// <summary>Its addresses, tried in turn; none for no registry.</summary>
    public IReadOnlyList<string> Urls { get; init; } = [];

    /// <summary>User and password with a colon between them, for HTTP basic authentication; empty for none.</summary>
    public string BasicAuth { get; init; } = "";

    /// <summary>PEM file of the authorities whose certificates are believed; empty for the system's.</summary>
    public string CaLocation { get; init; } = "";

    /// <summary>PEM file of our certificate, for mutual TLS.</summary>
    public string CertificateLocation { get; init; } = "";

    /// <summary>PEM file of its key.</summary>
    public string KeyLocation { get; init; } = "";

    /// <summary>Password of that file.</summary>
    public string KeyPassword { get; init; } = "";

    /// <summary>PKCS#12 file of our certificate and key, instead of the two PEM files.</summary>
    public string KeystoreLocation { get; init; } = "";

    /// <summary>Password of that file.</summary>
    public string KeystorePassword { get; init; } = "";

    /// <summary>Milliseconds that an answer may take.</summary>
    public int RequestTimeoutMs { get; init; } = 10_000;

    /// <summary>How often a request is repeated when no address has answered.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>Milliseconds before the first repetition; twice that before each further one, with jitter.</summary>
    public int RetryWaitMs { get; init; } = 1_000;

    /// <summary>The most milliseconds between repetitions.</summary>
    public int RetryMaxWaitMs { get; init; } = 20_000;

    /// <summary>Whether a schema that the registry lacks is registered by whoever writes with it.</summary>
    public bool AutoRegister { get; init; }

    /// <summary>How subjects are named.</summary>
    public SubjectStrategy Strategy { get; init; }

    /// <summary>Whether there is a registry.</summary>
    public bool IsSet => Urls.Count > 0;

    /// <summary>Whether a text can be an address: http or https, a host, and no password, which lists of processes would show.</summary>
    public static bool IsUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? uri)
        && uri.Scheme is ("http" or "https")
        && uri is { Host.Length: > 0, UserInfo.Length: 0, Query.Length: 0, Fragment.Length: 0 };

    /// <summary>The addresses, and none of the secrets.</summary>
    public override string ToString() => string.Join(',', Urls);
}
