using FlowPipe.Schemas.Registry;
using static FlowPipe.Pipeline.Configuration.ConfigKey;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>
/// Settings of the schema registry. They lie in the section of librdkafka's properties, as Confluent's clients have them, but are ours:
/// librdkafka knows no registry.
/// </summary>
internal static class RegistryKeys
{
    private const string Prefix = "kafka.schema.registry.";
    private const string AutoRegister = "auto.register.schemas";
    private const string Strategy = "value.subject.name.strategy";

    public static IReadOnlyList<ConfigKey> All { get; } =
    [
        Text(
            Prefix + "url",
            "addresses such as http://host:8081, separated by commas, without user and password",
            static text => text.Length == 0 || text.Split(',').All(RegistrySettings.IsUrl),
            s => string.Join(',', s.Registry.Urls),
            (s, v) => s with { Registry = s.Registry with { Urls = v.Length == 0 ? [] : v.Split(',') } },
            "Schema registry for records in Avro; several addresses are tried in turn",
            "--registry",
            "URL"
        ),
        Text(
            Prefix + "basic.auth.user.info",
            "USER:PASSWORD",
            static _ => true,
            s => s.Registry.BasicAuth,
            (s, v) => s with { Registry = s.Registry with { BasicAuth = v } },
            "Credentials for HTTP basic authentication"
        ),
        Text(
            Prefix + "ssl.ca.location",
            "a file name",
            static _ => true,
            s => s.Registry.CaLocation,
            (s, v) => s with { Registry = s.Registry with { CaLocation = v } },
            "PEM file of the authorities that may have signed the registry's certificate; empty for the system's"
        ),
        Text(
            Prefix + "ssl.certificate.location",
            "a file name",
            static _ => true,
            s => s.Registry.CertificateLocation,
            (s, v) => s with { Registry = s.Registry with { CertificateLocation = v } },
            "PEM file of the certificate that we show"
        ),
        Text(
            Prefix + "ssl.key.location",
            "a file name",
            static _ => true,
            s => s.Registry.KeyLocation,
            (s, v) => s with { Registry = s.Registry with { KeyLocation = v } },
            "PEM file of its key, if that is not in the same file"
        ),
        Text(
            Prefix + "ssl.key.password",
            "a password",
            static _ => true,
            s => s.Registry.KeyPassword,
            (s, v) => s with { Registry = s.Registry with { KeyPassword = v } },
            "Password of the key"
        ),
        Text(
            Prefix + "ssl.keystore.location",
            "a file name",
            static _ => true,
            s => s.Registry.KeystoreLocation,
            (s, v) => s with { Registry = s.Registry with { KeystoreLocation = v } },
            "PKCS#12 file of certificate and key, instead of PEM files"
        ),
        Text(
            Prefix + "ssl.keystore.password",
            "a password",
            static _ => true,
            s => s.Registry.KeystorePassword,
            (s, v) => s with { Registry = s.Registry with { KeystorePassword = v } },
            "Password of that file"
        ),
        Number(
            Prefix + "request.timeout.ms",
            10,
            600000,
            s => s.Registry.RequestTimeoutMs,
            (s, v) => s with { Registry = s.Registry with { RequestTimeoutMs = v } },
            "Milliseconds that the registry may take to answer"
        ),
        Number(
            Prefix + "max.retries",
            0,
            100,
            s => s.Registry.MaxRetries,
            (s, v) => s with { Registry = s.Registry with { MaxRetries = v } },
            "How often a request is repeated that no address has answered"
        ),
        Number(
            Prefix + "retries.wait.ms",
            1,
            600000,
            s => s.Registry.RetryWaitMs,
            (s, v) => s with { Registry = s.Registry with { RetryWaitMs = v } },
            "Milliseconds before the first repetition; they double, with jitter"
        ),
        Number(
            Prefix + "retries.max.wait.ms",
            1,
            600000,
            s => s.Registry.RetryMaxWaitMs,
            (s, v) => s with { Registry = s.Registry with { RetryMaxWaitMs = v } },
            "The most milliseconds between two of them"
        ),
        Truth(
            "kafka." + AutoRegister,
            s => s.Registry.AutoRegister,
            (s, v) => s with { Registry = s.Registry with { AutoRegister = v } },
            "Whether replay registers a schema that the registry lacks; else that is an error, and 'flowpipe schema register' does it"
        ),
        Text(
            "kafka." + Strategy,
            "one of " + string.Join(", ", SubjectNames.Strategies),
            static text => SubjectNames.TryParse(text, out _),
            s => SubjectNames.Strategies[(int)s.Registry.Strategy],
            (s, v) =>
                s with
                {
                    Registry = s.Registry with { Strategy = SubjectNames.TryParse(v, out SubjectStrategy strategy) ? strategy : default },
                },
            "How the registry's subject is named: TOPIC-value, the record's name, or both"
        ),
    ];

    /// <summary>Whether a property of the section <c>kafka</c> is one of these, or can only be meant as one.</summary>
    public static bool IsOurs(string property) =>
        property.StartsWith("schema.registry.", StringComparison.OrdinalIgnoreCase)
        || property.Equals(AutoRegister, StringComparison.OrdinalIgnoreCase)
        || property.Equals(Strategy, StringComparison.OrdinalIgnoreCase);
}
