using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Quic;

/// <summary>The fields of Google's QUIC.</summary>
internal sealed class ChloFields(IRegistrar registrar)
{
    public readonly SpiField Host = registrar.Field("host.quic");
    public readonly SpiField UserAgent = registrar.Field("quic.user-agent");
    public readonly SpiField Version = registrar.Field("quic.version");
}

/// <summary>
/// A message of Google's QUIC crypto, in which the client says whom it wants, who it is and which version it prefers.
/// <code>
/// | "CHLO" | count (2) | 00 00 | count times: tag (4), end of its value (4) | values, one after the other |    least significant byte first
/// </code>
/// </summary>
internal static class ChloMessage
{
    private const int HeaderLength = 8;

    /// <summary>Adds what a message says.</summary>
    /// <returns>Whether it was a client's hello.</returns>
    public static bool AddTo(Session session, ChloFields fields, ReadOnlySpan<byte> message)
    {
        var reader = new PacketReader(message);
        ReadOnlySpan<byte> name = reader.Take(4);
        int count = reader.U16Le();
        reader.Skip(2);
        if (reader.Failed)
            return false;
        session.AddProtocol("quic"u8);
        if (!name.SequenceEqual("CHLO"u8) || reader.Remaining < count * HeaderLength)
            return false;
        ReadOnlySpan<byte> values = message[(HeaderLength + (count * HeaderLength))..];
        uint start = 0;
        for (; count > 0; count--)
        {
            ReadOnlySpan<byte> tag = reader.Take(4);
            uint end = reader.U32Le();
            if (end > values.Length || end < start)
                break;
            Add(session.Fields, fields, tag, values[(int)start..(int)end]);
            start = end;
        }
        return true;
    }

    private static void Add(SpiFields values, ChloFields fields, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
            return;
        if (tag.SequenceEqual("SNI\0"u8))
            values.Add(fields.Host, value);
        else if (tag.SequenceEqual("UAID"u8))
            values.Add(fields.UserAgent, value);
        else if (tag.SequenceEqual("VER\0"u8))
            values.Add(fields.Version, value);
    }
}
