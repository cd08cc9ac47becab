using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Dns;

/// <summary>Handles of the fields of a question and its answers.</summary>
internal sealed class DnsFields(IRegistrar registrar)
{
    public SpiField Record { get; } = registrar.Field("dns");
    public SpiField Opcode { get; } = registrar.Field("dns.opcode");
    public SpiField QueryHost { get; } = registrar.Field("dns.query.host");
    public SpiField QueryClass { get; } = registrar.Field("dns.query.class");
    public SpiField QueryType { get; } = registrar.Field("dns.query.type");
    public SpiField Host { get; } = registrar.Field("host.dns");
    public SpiField NameServerHost { get; } = registrar.Field("host.dns.nameserver");
    public SpiField MailServerHost { get; } = registrar.Field("host.dns.mailserver");
    public SpiField Punycode { get; } = registrar.Field("dns.puny");
    public SpiField Ip { get; } = registrar.Field("ip.dns");
    public SpiField NameServerIp { get; } = registrar.Field("ip.dns.nameserver");
    public SpiField MailServerIp { get; } = registrar.Field("ip.dns.mailserver");
    public SpiField HeaderFlags { get; } = registrar.Field("dns.header_flags");
    public SpiField Status { get; } = registrar.Field("dns.status");
    public SpiField AnswersCount { get; } = registrar.Field("dns.answer.cnt");
    public SpiField Answer { get; } = registrar.Field("dns.answer");
    public SpiField AnswerType { get; } = registrar.Field("dns.answer.type");
    public SpiField AnswerClass { get; } = registrar.Field("dns.answer.class");
    public SpiField AnswerTtl { get; } = registrar.Field("dns.answer.ttl");
    public SpiField AnswerName { get; } = registrar.Field("dns.answer.name");
    public SpiField AnswerIp { get; } = registrar.Field("dns.answer.ip");
    public SpiField AnswerAlias { get; } = registrar.Field("dns.answer.cname");
    public SpiField AnswerNameServer { get; } = registrar.Field("dns.answer.ns");
    public SpiField AnswerMailServer { get; } = registrar.Field("dns.answer.mx");
    public SpiField AnswerPriority { get; } = registrar.Field("dns.answer.priority");
    public SpiField AnswerService { get; } = registrar.Field("dns.answer.https");
    public SpiField AnswerText { get; } = registrar.Field("dns.answer.txt");
    public SpiField AnswerAuthority { get; } = registrar.Field("dns.answer.caa");
    public SpiField AnswerSignature { get; } = registrar.Field("dns.answer.rrsig");
    public SpiField AnswerNextName { get; } = registrar.Field("dns.answer.nsec");
    public SpiField AnswerDelegation { get; } = registrar.Field("dns.answer.ds");

    /// <summary>Whether each resource record is in the record, too.</summary>
    public bool OutputAnswers { get; } =
        registrar.Setting("dnsOutputAnswers", true, "DNS: the record has each resource record that was answered");

    /// <summary>Whether name servers and mail exchangers are gathered.</summary>
    public bool AllRecords { get; } =
        registrar.Setting("parseDNSRecordAll", false, "DNS: the record has names and addresses of name servers and mail exchangers, too");

    /// <summary>Whether a signature by the root is no answer, as Arkime has it.</summary>
    public bool IsArkime { get; } = ArkimeQuirks.AskedFor(registrar);
}
