using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Telephony;

/// <summary>
/// SCCP's unitdata (ITU-T Q.713 section 4.10), which carries TCAP.
/// <code>
/// | 09 | class (1) | to called (1) | to calling (1) | to data (1) | …      each a distance from its own place to | length (1) | content |
/// address: | indicator (1): 01 point code | point code (2), least significant byte first | …
/// </code>
/// </summary>
internal sealed class Sccp(IRegistrar registrar)
{
    private const byte Unitdata = 0x09;
    private const int ShortestAddress = 3;
    private readonly SpiField _source = registrar.Field("sccp.src");
    private readonly SpiField _destination = registrar.Field("sccp.dst");
    private readonly Tcap _tcap = new(registrar);

    public void Read(Session session, ReadOnlySpan<byte> message)
    {
        if (message.Length < 6 || message[0] != Unitdata)
            return;
        AddPointCode(session.Fields, _destination, Part(message, 2));
        AddPointCode(session.Fields, _source, Part(message, 3));
        ReadOnlySpan<byte> data = Part(message, 4);
        if (data.Length < 2)
            return;
        session.AddProtocol("sccp"u8);
        _tcap.Read(session, data);
    }

    private static void AddPointCode(SpiFields values, SpiField field, ReadOnlySpan<byte> address)
    {
        if (address.Length >= ShortestAddress && (address[0] & 1) != 0)
            values.Add(field, address[1] | (address[2] << 8));
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> message, int pointer)
    {
        var reader = new PacketReader(message[pointer..]);
        reader.Skip(reader.Peek);
        return reader.Take(reader.U8());
    }
}
