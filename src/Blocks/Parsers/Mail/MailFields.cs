using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Mail;

/// <summary>The fields of mail, in whatever protocol, and what the user has set.</summary>
internal sealed class MailFields
{
    public readonly SpiField User;
    public readonly SpiField Host;
    public readonly SpiField UserAgent;
    public readonly SpiField Sender;
    public readonly SpiField Receiver;
    public readonly SpiField Subject;
    public readonly SpiField MessageId;
    public readonly SpiField ContentType;
    public readonly SpiField MimeVersion;
    public readonly SpiField FileName;
    public readonly SpiField Md5;
    public readonly SpiField Sha256;
    public readonly SpiField FileContentType;
    public readonly SpiField Ip;
    public readonly SpiField Header;
    public readonly SpiField HeaderName;
    public readonly SpiField HeaderValue;
    public readonly SpiField BodyMagic;
    public readonly SpiField Hello;
    public readonly SpiField Folder;

    /// <summary>Names of headers that hold an address, without the colon.</summary>
    public readonly byte[][] IpHeaders;

    public readonly bool AllHeaders;
    public readonly bool HashMd5;
    public readonly bool HashSha256;
    public readonly bool Quirks;

    public MailFields(IRegistrar registrar)
    {
        User = registrar.Field("user");
        Host = registrar.Field("host.email");
        UserAgent = registrar.Field("email.x-mailer");
        Sender = registrar.Field("email.src");
        Receiver = registrar.Field("email.dst");
        Subject = registrar.Field("email.subject");
        MessageId = registrar.Field("email.message-id");
        ContentType = registrar.Field("email.content-type");
        MimeVersion = registrar.Field("email.mime-version");
        FileName = registrar.Field("email.fn");
        Md5 = registrar.Field("email.md5");
        Sha256 = registrar.Field("email.sha256");
        FileContentType = registrar.Field("email.file-content-type");
        Ip = registrar.Field("ip.email");
        Header = registrar.Field("email.has-header");
        HeaderName = registrar.Field("email.has-header.name");
        HeaderValue = registrar.Field("email.has-header.value");
        BodyMagic = registrar.Field("email.bodymagic");
        Hello = registrar.Field("email.smtp-hello");
        Folder = registrar.Field("email.folder");
        IReadOnlyList<string> names = registrar.Setting(
            "smtpIpHeaders",
            [],
            "Headers of mail whose value is an address, to be recorded in email.ip"
        );
        IpHeaders = new byte[names.Count][];
        for (int i = 0; i < names.Count; i++)
            IpHeaders[i] = Encoding.UTF8.GetBytes(names[i].TrimEnd(':'));
        AllHeaders = registrar.Setting(
            "parseSMTPHeaderAll",
            false,
            "Record name and value of every header of mail that has no field of its own"
        );
        HashMd5 = registrar.Setting("supportMd5", true, "Record MD5 digests of bodies and files");
        HashSha256 = registrar.Setting("supportSha256", false, "Record SHA-256 digests of bodies and files");
        Quirks = registrar.Setting("arkimeQuirks", false, "Do as Arkime does where it is wrong, to compare documents with its own");
    }
}
