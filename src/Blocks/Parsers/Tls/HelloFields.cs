using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Tls;

/// <summary>The fields that hellos of TLS, DTLS and QUIC set, and the settings that say which.</summary>
internal sealed class HelloFields(IRegistrar registrar)
{
    public readonly SpiField Version = registrar.Field("tls.version");
    public readonly SpiField Cipher = registrar.Field("tls.cipher");
    public readonly SpiField Ja3 = registrar.Field("tls.ja3");
    public readonly SpiField Ja3s = registrar.Field("tls.ja3s");
    public readonly SpiField Ja3String = registrar.Field("tls.ja3string");
    public readonly SpiField Ja3sString = registrar.Field("tls.ja3sstring");
    public readonly SpiField Ja4 = registrar.Field("tls.ja4");
    public readonly SpiField Ja4Raw = registrar.Field("tls.ja4_r");
    public readonly SpiField ClientSessionId = registrar.Field("tls.sessionid.src");
    public readonly SpiField ServerSessionId = registrar.Field("tls.sessionid.dst");
    public readonly SpiField Host = registrar.Field("host.http");

    /// <summary>Whether what JA3 and JA3S are hashes of is kept too.</summary>
    public readonly bool KeepJa3Strings = registrar.Setting("ja3Strings", false, "Adds the texts that JA3 and JA3S are hashes of");

    /// <summary>Whether JA4 is kept with its lists in place of their hashes too.</summary>
    public readonly bool KeepJa4Raw = registrar.Setting("ja4Raw", false, "Adds JA4 with its lists in place of their hashes");

    /// <summary>Whether hellos in datagrams are taken as those over TCP are.</summary>
    public readonly bool Datagrams = DatagramSetting(registrar);

    /// <summary>The setting that TLS, DTLS and QUIC share.</summary>
    public static bool DatagramSetting(IRegistrar registrar) =>
        registrar.Setting(
            "tlsDatagrams",
            true,
            "Takes from DTLS and from QUIC's servers all that is taken from TLS, reads QUIC's older drafts, and finds DTLS behind STUN; "
                + "false: only what Arkime takes"
        );
}
