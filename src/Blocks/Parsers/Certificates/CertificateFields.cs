using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Certificates;

/// <summary>The fields of a certificate's record.</summary>
internal sealed class CertificateFields(IRegistrar registrar)
{
    public readonly SpiField Certificate = registrar.Field("cert");
    public readonly SpiField Hash = registrar.Field("cert.hash");
    public readonly SpiField Serial = registrar.Field("cert.serial");
    public readonly SpiField AlternativeName = registrar.Field("cert.alt");
    public readonly SpiField NotBefore = registrar.Field("cert.notbefore");
    public readonly SpiField NotAfter = registrar.Field("cert.notafter");
    public readonly SpiField ValidDays = registrar.Field("cert.validfor");
    public readonly SpiField ValidSeconds = registrar.Field("cert.validforSeconds");
    public readonly SpiField RemainingDays = registrar.Field("cert.remainingDays");
    public readonly SpiField RemainingSeconds = registrar.Field("cert.remainingSeconds");
    public readonly SpiField PublicAlgorithm = registrar.Field("cert.publicAlgorithm");
    public readonly SpiField Curve = registrar.Field("cert.curve");
    public readonly NameFields Issuer = new(registrar, "cert.issuer");
    public readonly NameFields Subject = new(registrar, "cert.subject");
}

/// <summary>The fields of a name in a certificate.</summary>
internal sealed class NameFields(IRegistrar registrar, string prefix)
{
    public readonly SpiField CommonName = registrar.Field(prefix + ".cn");
    public readonly SpiField Organization = registrar.Field(prefix + ".on");
    public readonly SpiField Unit = registrar.Field(prefix + ".ou");
}
