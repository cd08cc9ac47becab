using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FlowPipe.Schemas.Registry;

/// <summary>TLS to a registry: whom we believe, and who we are.</summary>
internal static class RegistryTls
{
    public static SslClientAuthenticationOptions Options(RegistrySettings settings)
    {
        var options = new SslClientAuthenticationOptions();
        if (settings.CaLocation.Length > 0)
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            Read(
                "schema.registry.ssl.ca.location",
                settings.CaLocation,
                () => policy.CustomTrustStore.ImportFromPemFile(settings.CaLocation)
            );
            if (policy.CustomTrustStore.Count == 0)
                throw Unreadable("schema.registry.ssl.ca.location", settings.CaLocation, "there is no certificate in it", null);
            options.CertificateChainPolicy = policy;
        }
        if (Own(settings) is { } certificate)
            options.ClientCertificates = [certificate];
        return options;
    }

    private static X509Certificate2? Own(RegistrySettings settings)
    {
        X509Certificate2? certificate = null;
        if (settings.KeystoreLocation.Length > 0)
        {
            Read(
                "schema.registry.ssl.keystore.location",
                settings.KeystoreLocation,
                () => certificate = X509CertificateLoader.LoadPkcs12FromFile(settings.KeystoreLocation, settings.KeystorePassword)
            );
        }
        else if (settings.CertificateLocation.Length > 0)
        {
            string? key = settings.KeyLocation.Length > 0 ? settings.KeyLocation : null; // both may stand in one file
            Read(
                "schema.registry.ssl.certificate.location",
                settings.CertificateLocation,
                () =>
                    certificate =
                        settings.KeyPassword.Length > 0
                            ? X509Certificate2.CreateFromEncryptedPemFile(settings.CertificateLocation, settings.KeyPassword, key)
                            : X509Certificate2.CreateFromPemFile(settings.CertificateLocation, key)
            );
        }
        return certificate;
    }

    private static void Read(string setting, string file, Action read)
    {
        try
        {
            read();
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Unreadable(setting, file, e.Message.TrimEnd('.'), e);
        }
    }

    private static SchemaRegistryException Unreadable(string setting, string file, string why, Exception? e) =>
        new(RegistryFault.Settings, $"setting kafka.{setting}: {file} can't be used: {why}", e);
}
