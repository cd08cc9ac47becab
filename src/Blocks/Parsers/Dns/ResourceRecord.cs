using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dns;

/// <summary>
/// A resource record (RFC 1035 section 4.1.3).
/// <code>
/// | name | type (2) | class (2) | TTL (4) | length (2) | data (length bytes) |
/// </code>
/// </summary>
internal ref struct ResourceRecord
{
    private const ushort Internet = 1;

    /// <summary>The whole message: names in the data may point anywhere in it.</summary>
    public ReadOnlySpan<byte> Message;

    /// <summary>The name as it was sent; empty for the root.</summary>
    public ReadOnlySpan<byte> Sent;

    public ushort Type;

    public uint Ttl;

    /// <summary>Where the data is.</summary>
    public int DataStart;

    public int DataEnd;

    /// <summary>Whether its class is IN.</summary>
    public bool IsInternet;

    /// <summary>The data.</summary>
    public readonly ReadOnlySpan<byte> Data => Message[DataStart..DataEnd];

    /// <summary>Reads one and steps over it.</summary>
    /// <param name="message">The message.</param>
    /// <param name="isMulticast">Whether it is mDNS, where the class's first bit means something else (RFC 6762 section 10.2).</param>
    /// <param name="at">Where it begins; then, what follows it.</param>
    /// <param name="sent">Room for a name.</param>
    /// <param name="record">What it is.</param>
    public static NameFault Read(ReadOnlySpan<byte> message, bool isMulticast, ref int at, Span<byte> sent, out ResourceRecord record)
    {
        record = default;
        NameFault fault = DnsName.Read(message, message.Length, ref at, sent, out int length);
        if (fault != NameFault.None)
            return fault;
        var reader = new PacketReader(message[at..]);
        record.Message = message;
        record.Sent = sent[..length];
        record.Type = reader.U16();
        int number = reader.U16();
        record.IsInternet = (isMulticast ? number & 0x7FFF : number) == Internet;
        record.Ttl = reader.U32();
        int dataLength = reader.U16();
        record.DataStart = message.Length - reader.Remaining;
        reader.Skip(dataLength);
        record.DataEnd = at = record.DataStart + dataLength;
        return reader.Failed ? NameFault.Malformed : NameFault.None;
    }
}
