using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Synchrophasors of power grids (IEEE C37.118.2-2011 section 6), frames over TCP and UDP.
/// <code>
/// | AA | 0 (1 bit) type (3) version (4) | length (2) of all | stream's id (2) | seconds (4) | fraction (4) | … | CRC (2) |
/// command:            | command (2) |
/// configuration 1, 2: | time base (4) | units (2) | for each: name (16) id (2) format (2) phasors (2) analogs (2) digitals (2)
///                       names of channels (16 each; 16 of them a digital) conversion factors (4 each) frequency (2) changes (2) | data rate (2) |
/// configuration 3:    | continuation (2) | time base (4) | units (2) | for each: name, its length (1) before it, id (2) global id (16) format (2)
///                       phasors (2) analogs (2) digitals (2), names likewise, factors (12 a phasor, 8 an analog, 4 a digital), place and class (21)
///                       frequency (2) changes (2) | data rate (2) |
/// </code>
/// </summary>
public sealed class SynchrophasorPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "synchrophasor";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new SynchrophasorFields(registrar);
        ParserKind<SynchrophasorParser> kind = registrar.Parser("synchrophasor", () => new SynchrophasorParser(fields));
        registrar.Tcp(
            "synchrophasor",
            0,
            [SynchrophasorParser.Sync],
            (session, _, bytes) =>
            {
                if (!SynchrophasorParser.IsFrame(bytes, out int _))
                    return;
                session.AddProtocol("synchrophasor"u8);
                session.Add(kind);
            }
        );
        registrar.Udp(
            "synchrophasor",
            0,
            [SynchrophasorParser.Sync],
            (session, _, bytes) =>
            {
                // A transaction id of DNS may begin so.
                if (
                    !SynchrophasorParser.IsFrame(bytes, out int length)
                    || length > bytes.Length
                    || session.SourcePort == 53
                    || session.DestinationPort == 53
                )
                    return;
                session.AddProtocol("synchrophasor"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class SynchrophasorFields(IRegistrar registrar)
{
    public SpiField Type { get; } = registrar.Field("synchrophasor.frameType");
    public SpiField Id { get; } = registrar.Field("synchrophasor.idcode");
    public SpiField Command { get; } = registrar.Field("synchrophasor.cmd");
    public SpiField Station { get; } = registrar.Field("synchrophasor.station");
    public SpiField DataRate { get; } = registrar.Field("synchrophasor.dataRate");
    public SpiField Units { get; } = registrar.Field("synchrophasor.numPMU");
}

/// <summary>Parses frames; bytes between them are stepped over.</summary>
internal sealed class SynchrophasorParser(SynchrophasorFields fields) : MessageParser(ushort.MaxValue)
{
    public const byte Sync = 0xAA;
    private const int ShortestFrame = 16;
    private const int HeaderLength = 14;
    private const int CrcLength = 2;
    private const int NameLength = 16;
    private const int NamesOfDigital = 16;
    private const int TypeCommand = 4;
    private const int TypeConfiguration1 = 2;
    private const int TypeConfiguration2 = 3;
    private const int TypeConfiguration3 = 5;

    /// <summary>Whether a frame begins here, of a type and version that there are.</summary>
    public static bool IsFrame(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < ShortestFrame || (bytes[1] & 0xF) is not (1 or 2) || NameOf(bytes[1]).IsEmpty)
            return false;
        length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length >= ShortestFrame;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes[0] != Sync)
        {
            int next = bytes.IndexOf(Sync);
            return next < 0 ? Malformed : next;
        }
        if (bytes.Length < 4)
            return Incomplete;
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return length < ShortestFrame ? 1 : length;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (message[0] != Sync)
            return session.Protocol.Type == SessionType.Tcp;
        if (message.Length < ShortestFrame)
            return true;
        SpiFields values = session.Fields;
        var reader = new PacketReader(message);
        reader.Skip(1);
        byte kind = reader.U8();
        int length = reader.U16();
        if (NameOf(kind) is { IsEmpty: false } name)
            values.Add(fields.Type, name);
        values.Add(fields.Id, reader.U16());
        if (length > message.Length || length <= ShortestFrame)
            return true;
        reader = new PacketReader(message[HeaderLength..(length - CrcLength)]);
        switch ((kind >> 4) & 7)
        {
            case TypeCommand when reader.Remaining >= 2:
                values.Add(fields.Command, reader.U16());
                break;
            case TypeConfiguration1 or TypeConfiguration2:
                ReadConfiguration(values, ref reader, named: false);
                break;
            case TypeConfiguration3:
                reader.Skip(2);
                ReadConfiguration(values, ref reader, named: true);
                break;
        }
        return true;
    }

    /// <param name="values">Where the values go.</param>
    /// <param name="reader">Behind the header.</param>
    /// <param name="named">Whether names have their lengths before them, as in configuration 3.</param>
    private void ReadConfiguration(SpiFields values, ref PacketReader reader, bool named)
    {
        reader.Skip(4);
        int units = reader.U16();
        if (reader.Failed)
            return;
        values.Add(fields.Units, units);
        // Each unit takes bytes, so their number is bounded by those there are.
        for (int i = 0; i < units && !reader.Failed; i++)
            ReadUnit(values, ref reader, named);
        int rate = reader.U16();
        if (!reader.Failed)
            values.Add(fields.DataRate, rate);
    }

    private void ReadUnit(SpiFields values, ref PacketReader reader, bool named)
    {
        ReadOnlySpan<byte> station = reader.Take(named ? reader.U8() : NameLength).TrimEnd(" \0"u8);
        if (!station.IsEmpty)
            values.AddText(fields.Station, station, TextEncoding.Utf8OrLatin1);
        reader.Skip(named ? 20 : 4);
        int phasors = reader.U16();
        int analogs = reader.U16();
        int digitals = reader.U16();
        if (named)
        {
            int names = phasors + analogs + (digitals * NamesOfDigital);
            for (int i = 0; i < names && !reader.Failed; i++)
                reader.Skip(reader.U8());
            reader.Skip((12 * phasors) + (8 * analogs) + (4 * digitals) + 21);
        }
        else
        {
            reader.Skip((NameLength * (phasors + analogs + (digitals * NamesOfDigital))) + (4 * (phasors + analogs + digitals)));
        }
        reader.Skip(4);
    }

    private static ReadOnlySpan<byte> NameOf(byte kind) =>
        ((kind >> 4) & 7) switch
        {
            0 => "data"u8,
            1 => "header"u8,
            2 => "cfg1"u8,
            3 => "cfg2"u8,
            4 => "command"u8,
            5 => "cfg3"u8,
            _ => default,
        };
}
