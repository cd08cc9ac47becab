using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// DNP3 (IEEE 1815-2012), its link layer's frames over TCP and UDP.
/// <code>
/// | 05 64 | length (1) of what follows without CRCs | control (1) | destination (2) | source (2) | CRC (2) |
/// | up to 16 bytes of data | CRC (2) | …        the first data: | transport (1) | application's control (1) | function (1) | …
/// </code>
/// Numbers have their least significant byte first.
/// </summary>
public sealed class Dnp3Plugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "dnp3";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new Dnp3Fields(registrar);
        ParserKind<Dnp3Parser> kind = registrar.Parser("dnp3", () => new Dnp3Parser(fields));
        Classifier classify = (session, _, bytes) =>
        {
            if (bytes.Length < Dnp3Parser.HeaderLength || bytes[2] < Dnp3Parser.LeastLength)
                return;
            session.AddProtocol("dnp3"u8);
            session.Add(kind);
        };
        registrar.Tcp("dnp3", 0, [0x05, 0x64], classify);
        registrar.Udp("dnp3", 0, [0x05, 0x64], classify);
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class Dnp3Fields(IRegistrar registrar)
{
    public SpiField Source { get; } = registrar.Field("dnp3.src");
    public SpiField Destination { get; } = registrar.Field("dnp3.dst");
    public SpiField Function { get; } = registrar.Field("dnp3.func");
    public SpiField FunctionName { get; } = registrar.Field("dnp3.funcName");
}

/// <summary>Parses frames; bytes between them are stepped over.</summary>
internal sealed class Dnp3Parser(Dnp3Fields fields) : MessageParser(LongestFrame)
{
    public const int HeaderLength = 10;
    public const int LeastLength = 5;
    private const int BlockLength = 16;
    private const int CrcLength = 2;
    private const int LongestFrame = 292;
    private static ReadOnlySpan<byte> Start => [0x05, 0x64];

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Start))
        {
            // Up to where a frame may begin; a last byte of 05 may be the first of one
            if (bytes is [0x05])
                return Incomplete;
            int next = bytes[1..].IndexOf(Start);
            return next >= 0 ? 1 + next
                : bytes[^1] == Start[0] ? bytes.Length - 1
                : bytes.Length;
        }
        if (bytes.Length < 3)
            return Incomplete;
        if (bytes[2] < LeastLength)
            return Start.Length;
        int data = bytes[2] - LeastLength;
        return HeaderLength + data + ((data + BlockLength - 1) / BlockLength * CrcLength);
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        // A datagram comes as it is.
        if (!message.StartsWith(Start) || message.Length < HeaderLength || Measure(message) > message.Length)
            return true;
        SpiFields values = session.Fields;
        values.Add(fields.Destination, BinaryPrimitives.ReadUInt16LittleEndian(message[4..]));
        values.Add(fields.Source, BinaryPrimitives.ReadUInt16LittleEndian(message[6..]));
        if (message[2] < LeastLength + 3)
            return true;
        byte function = message[HeaderLength + 2];
        values.Add(fields.Function, function);
        if (NameOf(function) is { IsEmpty: false } name)
            values.Add(fields.FunctionName, name);
        return true;
    }

    /// <summary>Function codes of the application layer (IEEE 1815-2012 section 4.4).</summary>
    private static ReadOnlySpan<byte> NameOf(byte function) =>
        function switch
        {
            0 => "Confirm"u8,
            1 => "Read"u8,
            2 => "Write"u8,
            3 => "Select"u8,
            4 => "Operate"u8,
            5 => "DirectOperate"u8,
            6 => "DirectOperateNoAck"u8,
            7 => "ImmediateFreeze"u8,
            8 => "ImmediateFreezeNoAck"u8,
            9 => "FreezeClear"u8,
            10 => "FreezeClearNoAck"u8,
            11 => "FreezeAtTime"u8,
            12 => "FreezeAtTimeNoAck"u8,
            13 => "ColdRestart"u8,
            14 => "WarmRestart"u8,
            15 => "InitializeData"u8,
            16 => "InitializeApplication"u8,
            17 => "StartApplication"u8,
            18 => "StopApplication"u8,
            19 => "SaveConfiguration"u8,
            20 => "EnableUnsolicited"u8,
            21 => "DisableUnsolicited"u8,
            22 => "AssignClass"u8,
            23 => "DelayMeasure"u8,
            24 => "RecordCurrentTime"u8,
            25 => "OpenFile"u8,
            26 => "CloseFile"u8,
            27 => "DeleteFile"u8,
            28 => "GetFileInfo"u8,
            29 => "AuthenticateFile"u8,
            30 => "AbortFile"u8,
            31 => "ActivateConfig"u8,
            32 => "AuthenticateRequest"u8,
            33 => "AuthenticateError"u8,
            129 => "Response"u8,
            130 => "UnsolicitedResponse"u8,
            131 => "AuthenticateResponse"u8,
            _ => default,
        };
}
