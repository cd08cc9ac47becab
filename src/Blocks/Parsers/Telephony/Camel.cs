using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Telephony;

/// <summary>
/// CAP, the application part of CAMEL (3GPP TS 29.078): names of operations, and who calls whom, by the argument of those that begin a call, a
/// message or a packet session.
/// <code>
/// InitialDP ::= SEQUENCE { … [2] called party number, [3] calling party number, … [50] IMSI, … }
/// party number (ITU-T Q.763 sections 3.9 and 3.10): | odd (1 bit) nature (7) | plan (1) | digits, two a byte, the lower half first |
/// IMSI (3GPP TS 29.002): | digits, likewise, F where there is none |
/// </code>
/// </summary>
internal sealed class Camel(IRegistrar registrar)
{
    private const int LongestNumber = 32;
    private const int InitialDp = 0;
    private const int InitialDpSms = 70;
    private const int InitialDpGprs = 80;
    private readonly SpiField _operation = registrar.Field("camel.op");
    private readonly SpiField _calling = registrar.Field("camel.calling");
    private readonly SpiField _called = registrar.Field("camel.called");
    private readonly SpiField _imsi = registrar.Field("camel.imsi");

    /// <summary>Adds the name of an operation.</summary>
    public void AddName(SpiFields values, long operation)
    {
        if (NameOf(operation) is { IsEmpty: false } name)
            values.Add(_operation, name);
    }

    /// <summary>Reads an operation's argument.</summary>
    public void Read(SpiFields values, long operation, BerReader elements)
    {
        if (operation is not (InitialDp or InitialDpSms or InitialDpGprs))
            return;
        while (elements.TryRead(out BerElement element))
        {
            switch (element.Number)
            {
                case 2:
                    AddParty(values, _called, element.Content);
                    break;
                case 3:
                    AddParty(values, _calling, element.Content);
                    break;
                case 10 or 50 when element.Content.Length is >= 3 and <= 8:
                    AddDigits(values, _imsi, element.Content);
                    break;
            }
        }
    }

    private static void AddParty(SpiFields values, SpiField field, ReadOnlySpan<byte> party)
    {
        if (party.Length > 2)
            AddDigits(values, field, party[2..]);
    }

    /// <summary>Digits, of which 10 stands for * and 11 for #, until the first that is filling.</summary>
    private static void AddDigits(SpiFields values, SpiField field, ReadOnlySpan<byte> halves)
    {
        Span<byte> text = stackalloc byte[LongestNumber];
        int length = 0;
        for (int i = 0; i < 2 * halves.Length && length < text.Length; i++)
        {
            int digit = (halves[i / 2] >> (4 * (i % 2))) & 0xF;
            if (digit == 0xF)
                break;
            if (digit <= 11)
                text[length++] = "0123456789*#"u8[digit];
        }
        if (length > 0)
            values.Add(field, text[..length]);
    }

    /// <summary>Codes of all phases: those of the first differ from the later ones.</summary>
    private static ReadOnlySpan<byte> NameOf(long operation) =>
        operation switch
        {
            0 => "initialDP"u8,
            1 => "assistRequestInstructions"u8,
            2 => "establishTemporaryConnection"u8,
            3 => "disconnectForwardConnection"u8,
            4 or 33 => "connectToResource"u8,
            5 or 17 => "connect"u8,
            6 or 22 => "releaseCall"u8,
            7 or 23 => "requestReportBCSMEvent"u8,
            8 or 24 => "eventReportBCSM"u8,
            9 => "requestNotificationChargingEvent"u8,
            10 => "eventNotificationCharging"u8,
            11 or 49 => "cancel"u8,
            12 or 34 => "furnishChargingInformation"u8,
            13 or 35 => "applyCharging"u8,
            14 or 36 => "applyChargingReport"u8,
            16 => "callGap"u8,
            20 => "continue"u8,
            21 => "initiateCallAttempt"u8,
            31 => "resetTimer"u8,
            32 => "sendChargingInformation"u8,
            44 => "callInformationRequest"u8,
            45 => "callInformationReport"u8,
            46 => "playAnnouncement"u8,
            47 => "promptAndCollectUserInformation"u8,
            48 => "specializedResourceReport"u8,
            56 => "activityTest"u8,
            60 => "continueWithArgument"u8,
            61 => "disconnectLeg"u8,
            62 => "initiateSMS"u8,
            63 => "releaseSMS"u8,
            64 => "connectSMS"u8,
            65 => "requestReportSMSEvent"u8,
            66 => "eventReportSMS"u8,
            67 => "continueSMS"u8,
            70 => "initialDPSMS"u8,
            71 => "furnishChargingInformationSMS"u8,
            80 => "initialDPGPRS"u8,
            81 => "requestReportGPRSEvent"u8,
            82 => "eventReportGPRS"u8,
            83 => "applyChargingGPRS"u8,
            84 => "applyChargingReportGPRS"u8,
            85 => "furnishChargingInformationGPRS"u8,
            86 => "cancelGPRS"u8,
            87 => "connectGPRS"u8,
            88 => "continueGPRS"u8,
            89 => "releaseGPRS"u8,
            90 => "resetTimerGPRS"u8,
            91 => "sendChargingInformationGPRS"u8,
            93 => "activityTestGPRS"u8,
            _ => default,
        };
}
