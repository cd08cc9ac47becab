using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Dns;

/// <summary>Adds a question, with the answers of all responses to it, to a session's record. Keeps no state between two questions.</summary>
internal sealed class DnsRecordWriter(DnsFields fields)
{
    /// <summary>What the responses to one question say together; of status and flags, the last one holds.</summary>
    private struct Responses
    {
        public int Count;
        public int Code;
        public int Flags;
        public int Answers;

        // Tags are the session's, so they wait until the question's record is ended.
        public bool HasPointerLoop;
        public bool HasBadPunycode;
    }

    /// <summary>Adds what a session's messages say, each question once.</summary>
    public void Write(Session session, ReadOnlySpan<byte> log, int count, bool isMulticast)
    {
        if (count == 0)
            return;
        var groups = new DnsMessageGroups(log, count, isMulticast);
        for (int leader = groups.FirstLeader; leader >= 0; leader = groups.NextLeader(leader))
            WriteQuestion(session, ref groups, leader, isMulticast);
        groups.Free();
    }

    private void WriteQuestion(Session session, ref DnsMessageGroups groups, int leader, bool isMulticast)
    {
        ReadOnlySpan<byte> message = groups.Message(leader);
        Span<byte> sent = stackalloc byte[DnsName.LongestText];
        Span<byte> host = stackalloc byte[InternationalName.LongestText];
        if (DnsQuestion.Read(message, isMulticast, sent, host, out DnsQuestion question) != QuestionFault.None)
            return;
        SpiFields to = session.Fields;
        to.Begin(fields.Record);
        to.Add(fields.Opcode, DnsRegistry.Opcode(new DnsHeader(message).Opcode));
        to.Add(fields.QueryHost, question.Host);
        AddUnlessEmpty(to, fields.QueryClass, DnsRegistry.Class(question.Class));
        AddUnlessEmpty(to, fields.QueryType, DnsRegistry.Type(question.Type));
        if (!question.Sent.IsEmpty)
        {
            to.Add(fields.Host, question.Host);
            AddPunycode(to, question.Sent);
        }
        Responses responses = default;
        for (int member = leader; member >= 0; member = groups.NextMember(member))
        {
            if (new DnsHeader(groups.Message(member)).IsResponse)
                WriteResponse(to, groups.Message(member), isMulticast, question.Host, ref responses);
        }
        WriteOutcome(to, in responses);
        to.End(fields.Record);
        if (responses.HasPointerLoop)
            session.AddTag("dns:bad-pointer-loop"u8);
        if (responses.HasBadPunycode)
            session.AddTag("bad-punycode"u8);
    }

    private void WriteResponse(
        SpiFields to,
        ReadOnlySpan<byte> message,
        bool isMulticast,
        ReadOnlySpan<byte> queryHost,
        ref Responses responses
    )
    {
        var header = new DnsHeader(message);
        responses.Count++;
        responses.Code = header.ResponseCode;
        responses.Flags = header.Flags;
        int at = DnsHeader.Length;
        if (!TrySkipQuestions(message, header.Questions, ref at))
            return;
        for (int i = 0; i < header.Records && at < message.Length; i++)
        {
            if (!TryWriteRecord(to, message, isMulticast, queryHost, ref at, ref responses))
                return;
        }
    }

    private void WriteOutcome(SpiFields to, in Responses responses)
    {
        if (responses.Count == 0)
            return;
        ReadOnlySpan<byte> status = DnsRegistry.ResponseCode(responses.Code);
        if (status.IsEmpty)
        {
            var number = new TextBuilder(stackalloc byte[8]);
            number.Append(responses.Code);
            to.Add(fields.Status, number.Text);
        }
        else
            to.Add(fields.Status, status);
        for (int bit = 6; bit >= 0; bit--)
        {
            if ((responses.Flags & (1 << bit)) != 0)
                to.Add(fields.HeaderFlags, DnsRegistry.Flag(bit));
        }
        if (fields.OutputAnswers)
            to.Add(fields.AnswersCount, responses.Answers);
    }

    private static bool TrySkipQuestions(ReadOnlySpan<byte> message, int count, ref int at)
    {
        Span<byte> name = stackalloc byte[DnsName.LongestText];
        for (int i = 0; i < count && at < message.Length; i++)
        {
            if (DnsName.Read(message, message.Length, ref at, name, out _) != NameFault.None)
                return false;
            at += 4;
        }
        return at <= message.Length;
    }

    /// <summary>Adds a resource record of class IN; of OPT, the response code's upper bits (RFC 6891 section 6.1.3).</summary>
    /// <returns>False when nothing after it can be read.</returns>
    private bool TryWriteRecord(
        SpiFields to,
        ReadOnlySpan<byte> message,
        bool isMulticast,
        ReadOnlySpan<byte> queryHost,
        ref int at,
        ref Responses responses
    )
    {
        Span<byte> sent = stackalloc byte[DnsName.LongestText];
        NameFault fault = ResourceRecord.Read(message, isMulticast, ref at, sent, out ResourceRecord record);
        responses.HasPointerLoop |= fault == NameFault.PointerLoop;
        if (fault != NameFault.None)
            return false;
        if (record.Type == DnsType.Opt)
            responses.Code |= (int)(record.Ttl >> 24) << 4;
        if (!record.IsInternet)
            return true;
        scoped ReadOnlySpan<byte> owner = DnsQuestion.Root;
        Span<byte> readable = stackalloc byte[InternationalName.LongestText];
        if (!record.Sent.IsEmpty)
        {
            owner = InternationalName.TryDecode(record.Sent, readable, out int length) ? readable[..length] : record.Sent;
            AddPunycode(to, record.Sent);
        }
        if (record.Type is DnsType.A or DnsType.Aaaa)
            WriteAddress(to, in record, owner, queryHost, ref responses);
        else if (record.Type is DnsType.Ns or DnsType.Cname or DnsType.Mx)
            WriteHost(to, in record, owner, ref responses);
        else if (record.Type != DnsType.Txt || IsText(record.Data))
            WriteOther(to, in record, owner, ref responses);
        return true;
    }

    private void WriteAddress(
        SpiFields to,
        in ResourceRecord record,
        ReadOnlySpan<byte> owner,
        ReadOnlySpan<byte> queryHost,
        ref Responses responses
    )
    {
        ReadOnlySpan<byte> data = record.Data;
        if (data.Length != (record.Type == DnsType.A ? 4 : 16))
            return;
        UInt128 address = (record.Type == DnsType.A ? IpAddress.ReadIPv4(data) : IpAddress.ReadIPv6(data)).ToUInt128();
        if (owner.SequenceEqual(queryHost) || to.Contains(fields.Host, owner))
            to.AddIp(fields.Ip, address);
        if (to.Contains(fields.NameServerHost, owner))
            to.AddIp(fields.NameServerIp, address);
        if (to.Contains(fields.MailServerHost, owner))
            to.AddIp(fields.MailServerIp, address);
        if (BeginAnswer(to, in record, owner, ref responses))
        {
            to.AddIp(fields.AnswerIp, address);
            to.End(fields.Answer);
        }
    }

    private void WriteHost(SpiFields to, in ResourceRecord record, ReadOnlySpan<byte> owner, ref Responses responses)
    {
        bool isMailServer = record.Type == DnsType.Mx;
        int at = record.DataStart + (isMailServer ? 2 : 0);
        Span<byte> sent = stackalloc byte[DnsName.LongestText];
        // The root is no host: as a mail exchanger it says that there is none (RFC 7505).
        if (at > record.DataEnd || DnsName.Read(record.Message, record.DataEnd, ref at, sent, out int length) != NameFault.None || length == 0)
            return;
        sent = sent[..length];
        SpiField set = record.Type switch
        {
            DnsType.Ns => fields.AllRecords ? fields.NameServerHost : default,
            DnsType.Mx when fields.AllRecords => fields.MailServerHost,
            _ => fields.Host,
        };
        Span<byte> host = stackalloc byte[InternationalName.LongestText];
        if (!InternationalName.TryDecode(sent, host, out length))
        {
            responses.HasBadPunycode = true;
            return;
        }
        host = host[..length];
        if (!set.IsNone)
        {
            to.Add(set, host);
            AddPunycode(to, sent);
        }
        if (!BeginAnswer(to, in record, owner, ref responses))
            return;
        if (isMailServer)
            to.Add(fields.AnswerPriority, (record.Data[0] << 8) | record.Data[1]);
        to.Add(
            record.Type switch
            {
                DnsType.Ns => fields.AnswerNameServer,
                DnsType.Mx => fields.AnswerMailServer,
                _ => fields.AnswerAlias,
            },
            host
        );
        to.End(fields.Answer);
    }

    private void WriteOther(SpiFields to, in ResourceRecord record, ReadOnlySpan<byte> owner, ref Responses responses)
    {
        var text = new TextBuilder(stackalloc byte[RecordTexts.LongestText]);
        (bool valid, SpiField field) = record.Type switch
        {
            DnsType.Https or DnsType.Svcb => (RecordTexts.TryWriteService(in record, ref text), fields.AnswerService),
            DnsType.Caa => (RecordTexts.TryWriteAuthority(in record, ref text), fields.AnswerAuthority),
            DnsType.Rrsig => (RecordTexts.TryWriteSignature(in record, ref text), fields.AnswerSignature),
            DnsType.Nsec => (RecordTexts.TryWriteNextName(in record, ref text), fields.AnswerNextName),
            DnsType.Ds => (RecordTexts.TryWriteDelegation(in record, ref text), fields.AnswerDelegation),
            _ => (true, default),
        };
        if (fields.IsArkime && record.Type == DnsType.Rrsig && text.Text.EndsWith(" ."u8))
            valid = false;
        if (!valid || !BeginAnswer(to, in record, owner, ref responses))
            return;
        if (!field.IsNone)
            to.AddText(field, text.Text, TextEncoding.Utf8OrLatin1);
        if (record.Type == DnsType.Txt)
            AddTexts(to, record.Data);
        to.End(fields.Answer);
    }

    /// <summary>Counts an answer and, where answers are wanted, begins it with what all have.</summary>
    /// <returns>Whether it was begun.</returns>
    private bool BeginAnswer(SpiFields to, in ResourceRecord record, ReadOnlySpan<byte> owner, ref Responses responses)
    {
        responses.Answers++;
        if (!fields.OutputAnswers)
            return false;
        to.Begin(fields.Answer);
        AddUnlessEmpty(to, fields.AnswerType, DnsRegistry.Type(record.Type));
        to.Add(fields.AnswerClass, "IN"u8);
        to.Add(fields.AnswerTtl, record.Ttl);
        to.Add(fields.AnswerName, owner);
        return true;
    }

    /// <summary>Whether data are strings (RFC 1035 section 3.3.14): | length (1) | characters | …</summary>
    private static bool IsText(ReadOnlySpan<byte> data)
    {
        var reader = new PacketReader(data);
        while (reader.Remaining > 0)
            reader.Skip(reader.U8());
        return !reader.Failed;
    }

    private void AddTexts(SpiFields to, ReadOnlySpan<byte> data)
    {
        var reader = new PacketReader(data);
        while (reader.Remaining > 0)
        {
            ReadOnlySpan<byte> text = reader.Take(reader.U8());
            if (!text.IsEmpty)
                to.AddText(fields.AnswerText, text, TextEncoding.Utf8OrLatin1);
        }
    }

    private void AddPunycode(SpiFields to, ReadOnlySpan<byte> sent)
    {
        if (InternationalName.IsPunycode(sent))
            to.AddLower(fields.Punycode, sent);
    }

    private static void AddUnlessEmpty(SpiFields to, SpiField field, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
            to.Add(field, text);
    }
}
