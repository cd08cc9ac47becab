using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>
/// A Kafka message as it lies in a segment: all that is needed to send it, and nothing else. Numbers are little-endian.
/// <code>
///  0       4        8               16              24        26        28          32
///  +-------+--------+---------------+---------------+---------+---------+-----------+
///  | length| CRC-32C| sequence      | spooled at ms | flags   | headers | records   |
///  +-------+--------+---------------+---------------+---------+---------+-----------+
///  | first packet ns                | last packet ns                    | 48: id (16)
///  +--------------------------------+-----------------------------------+
///  64: topic, reason                u16 length and UTF-8 each
///      headers                      each: u16 length and UTF-8 of the name, i32 length and bytes of the value
///      key, value                   i32 length and bytes each; a length of -1 is a null
/// </code>
/// <c>length</c> counts what follows the checksum, which is over the length and all that; so a region of zeros is no entry. Flags: 1: the value
/// lacks the frame of the schema registry; 2: it is a dead letter, whose reason stands behind the topic.
/// </summary>
internal static class SpoolEntry
{
    /// <summary>Bytes before what the length counts.</summary>
    public const int PrefixLength = 8;

    /// <summary>Bytes that an entry has at least behind them.</summary>
    public const int BodyMin = FixedLength + 2 + 2 + 4 + 4;

    /// <summary>More than Kafka's own limit on a message that anybody sets; what claims to be longer is damage.</summary>
    public const int BodyMax = 256 << 20;

    private const int FixedLength = 56; // from the sequence to the id's end
    private const ushort NeedsFrame = 1;
    private const ushort IsDeadLetter = 2;

    /// <summary>Writes an entry, with its prefix.</summary>
    /// <param name="message">What it is of.</param>
    /// <param name="sequence">Its number.</param>
    /// <param name="nowMs">When it is spooled, milliseconds since 1970-01-01 UTC.</param>
    /// <param name="buffer">Where it goes; replaced by a longer one when it is too short.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(OutgoingMessage message, long sequence, long nowMs, ref byte[] buffer)
    {
        int length = LengthOf(message);
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<byte>(Math.Max(length, 2 * buffer.Length));
        Span<byte> entry = buffer.AsSpan(0, length);
        Span<byte> at = entry[PrefixLength..];
        BinaryPrimitives.WriteInt64LittleEndian(at, sequence);
        BinaryPrimitives.WriteInt64LittleEndian(at[8..], nowMs);
        int flags = (message.NeedsFrame ? NeedsFrame : 0) | (message.DeadReason is null ? 0 : IsDeadLetter);
        BinaryPrimitives.WriteUInt16LittleEndian(at[16..], (ushort)flags);
        BinaryPrimitives.WriteUInt16LittleEndian(at[18..], (ushort)(message.Kafka.Headers?.Count ?? 0));
        BinaryPrimitives.WriteInt32LittleEndian(at[20..], message.Records);
        BinaryPrimitives.WriteInt64LittleEndian(at[24..], message.FirstPacketNs);
        BinaryPrimitives.WriteInt64LittleEndian(at[32..], message.LastPacketNs);
        message.Id.TryWriteBytes(at.Slice(40, 16));
        at = at[FixedLength..];
        WriteText(ref at, message.Topic);
        WriteText(ref at, message.DeadReason ?? "");
        for (int i = 0; i < (message.Kafka.Headers?.Count ?? 0); i++)
        {
            IHeader header = message.Kafka.Headers![i];
            WriteText(ref at, header.Key);
            WriteBytes(ref at, header.GetValueBytes());
        }
        WriteBytes(ref at, message.Kafka.Key);
        WriteBytes(ref at, message.Kafka.Value);
        uint body = (uint)(length - PrefixLength);
        BinaryPrimitives.WriteUInt32LittleEndian(entry, body);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], Crc32C.Of(body, entry[PrefixLength..]));
        return length;
    }

    /// <summary>The length that a prefix claims.</summary>
    /// <returns>0 when no entry has it.</returns>
    public static int BodyLength(ReadOnlySpan<byte> prefix)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        return length is >= BodyMin and <= BodyMax ? (int)length : 0;
    }

    /// <summary>The checksum that a prefix has.</summary>
    public static uint Checksum(ReadOnlySpan<byte> prefix) => BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]);

    /// <summary>Whether the body is what was written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> prefix, ReadOnlySpan<byte> body) =>
        Checksum(prefix) == Crc32C.Of((uint)body.Length, body);

    /// <summary>The number of an entry.</summary>
    public static long SequenceOf(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadInt64LittleEndian(body);

    /// <summary>Records in an entry.</summary>
    public static int RecordsOf(ReadOnlySpan<byte> body) => Math.Max(0, BinaryPrimitives.ReadInt32LittleEndian(body[20..]));

    /// <summary>When it was spooled, milliseconds since 1970-01-01 UTC.</summary>
    public static long SpooledAtMs(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadInt64LittleEndian(body[8..]);

    /// <summary>Reads an entry whose checksum is right.</summary>
    /// <returns>False when its parts do not fit into it: another version wrote it.</returns>
    public static bool TryRead(ReadOnlySpan<byte> body, OutgoingMessage message)
    {
        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(body[16..]);
        int headers = BinaryPrimitives.ReadUInt16LittleEndian(body[18..]);
        message.Sequence = SequenceOf(body);
        message.Records = RecordsOf(body);
        message.FirstPacketNs = BinaryPrimitives.ReadInt64LittleEndian(body[24..]);
        message.LastPacketNs = BinaryPrimitives.ReadInt64LittleEndian(body[32..]);
        message.Id = new Guid(body.Slice(40, 16));
        message.NeedsFrame = (flags & NeedsFrame) != 0;
        ReadOnlySpan<byte> rest = body[FixedLength..];
        if (!TryText(ref rest, out string topic) || !TryText(ref rest, out string reason))
            return false;
        message.Topic = topic;
        message.DeadReason = (flags & IsDeadLetter) != 0 ? reason : null;
        var kafka = new Message<byte[], byte[]> { Headers = [] };
        for (int i = 0; i < headers; i++)
        {
            if (!TryText(ref rest, out string name) || !TryBytes(ref rest, out byte[]? value))
                return false;
            kafka.Headers.Add(name, value);
        }
        if (!TryBytes(ref rest, out byte[]? key) || !TryBytes(ref rest, out byte[]? payload))
            return false;
        kafka.Key = key!; // null where the message has none
        kafka.Value = payload!;
        message.Kafka = kafka;
        return rest.IsEmpty;
    }

    private static int LengthOf(OutgoingMessage message)
    {
        int length = PrefixLength + FixedLength + TextLength(message.Topic) + TextLength(message.DeadReason ?? "");
        for (int i = 0; i < (message.Kafka.Headers?.Count ?? 0); i++)
        {
            IHeader header = message.Kafka.Headers![i];
            length += TextLength(header.Key) + sizeof(int) + (header.GetValueBytes()?.Length ?? 0);
        }
        return length + (2 * sizeof(int)) + (message.Kafka.Key?.Length ?? 0) + (message.Kafka.Value?.Length ?? 0);
    }

    private static int TextLength(string text) => sizeof(ushort) + Encoding.UTF8.GetByteCount(text);

    private static void WriteText(ref Span<byte> at, string text)
    {
        int length = Encoding.UTF8.GetBytes(text, at[sizeof(ushort)..]);
        BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)length);
        at = at[(sizeof(ushort) + length)..];
    }

    private static void WriteBytes(ref Span<byte> at, byte[]? bytes)
    {
        BinaryPrimitives.WriteInt32LittleEndian(at, bytes?.Length ?? -1);
        bytes.CopyTo(at[sizeof(int)..]);
        at = at[(sizeof(int) + (bytes?.Length ?? 0))..];
    }

    private static bool TryText(ref ReadOnlySpan<byte> rest, out string text)
    {
        text = "";
        if (rest.Length < sizeof(ushort))
            return false;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(rest);
        if (rest.Length - sizeof(ushort) < length)
            return false;
        text = Encoding.UTF8.GetString(rest.Slice(sizeof(ushort), length));
        rest = rest[(sizeof(ushort) + length)..];
        return true;
    }

    private static bool TryBytes(ref ReadOnlySpan<byte> rest, out byte[]? bytes)
    {
        bytes = null;
        if (rest.Length < sizeof(int))
            return false;
        int length = BinaryPrimitives.ReadInt32LittleEndian(rest);
        rest = rest[sizeof(int)..];
        if (length == -1)
            return true;
        if ((uint)length > (uint)rest.Length)
            return false;
        bytes = rest[..length].ToArray();
        rest = rest[length..];
        return true;
    }
}
