using System.Buffers.Binary;

namespace FlowPipe.Schemas.Registry;

/// <summary>
/// Confluent's wire format, for messages whose schema is in a registry:
/// <code>
/// +------+---------------------------+-----------------+
/// | 0x00 | schema id (4, big-endian) | the Avro record |
/// +------+---------------------------+-----------------+
/// </code>
/// </summary>
public static class ConfluentFrame
{
    /// <summary>Bytes before the record.</summary>
    public const int HeaderLength = 1 + sizeof(int);

    /// <summary>A message's value: the header and the record.</summary>
    public static byte[] Frame(int schemaId, ReadOnlySpan<byte> record)
    {
        byte[] framed = GC.AllocateUninitializedArray<byte>(HeaderLength + record.Length);
        framed[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), schemaId);
        record.CopyTo(framed.AsSpan(HeaderLength));
        return framed;
    }

    /// <summary>The record in a message's value, and which schema it was written with.</summary>
    /// <returns>False when the value is not framed so.</returns>
    public static bool TryUnframe(ReadOnlyMemory<byte> framed, out int schemaId, out ReadOnlyMemory<byte> record)
    {
        bool isFramed = framed.Length >= HeaderLength && framed.Span[0] == 0;
        schemaId = isFramed ? BinaryPrimitives.ReadInt32BigEndian(framed.Span[1..]) : 0;
        record = isFramed ? framed[HeaderLength..] : default;
        return isFramed;
    }
}
