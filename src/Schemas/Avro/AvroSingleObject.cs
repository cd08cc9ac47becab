using System.Buffers.Binary;
using System.Text;

namespace FlowPipe.Schemas;

/// <summary>
/// Avro's single-object encoding (specification 1.12), for messages without a registry:
/// <code>0xC3 0x01 | CRC-64-AVRO of the schema's parsing canonical form (8 bytes, little-endian) | the record</code>
/// </summary>
public sealed class AvroSingleObject
{
    /// <summary>Bytes before the record.</summary>
    public const int HeaderLength = 2 + sizeof(ulong);

    private readonly byte[] _header = new byte[HeaderLength];

    /// <param name="schema">The records' schema as JSON.</param>
    public AvroSingleObject(string schema)
    {
        ulong fingerprint = FingerprintOf(schema);
        _header[0] = 0xC3;
        _header[1] = 0x01;
        BinaryPrimitives.WriteUInt64LittleEndian(_header.AsSpan(2), fingerprint);
        Fingerprint = Convert.ToHexStringLower(_header.AsSpan(2));
    }

    /// <summary>The fingerprint's eight bytes as they stand in a message, in hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <summary>A message's value: the header and the record.</summary>
    public byte[] Frame(ReadOnlySpan<byte> record)
    {
        byte[] framed = GC.AllocateUninitializedArray<byte>(HeaderLength + record.Length);
        _header.CopyTo(framed, 0);
        record.CopyTo(framed.AsSpan(HeaderLength));
        return framed;
    }

    /// <summary>The record in a message's value.</summary>
    /// <returns>False when it is not framed so, or made by another schema.</returns>
    public bool TryUnframe(ReadOnlyMemory<byte> framed, out ReadOnlyMemory<byte> record)
    {
        bool ours = framed.Span.StartsWith(_header);
        record = ours ? framed[HeaderLength..] : default;
        return ours;
    }

    /// <summary>CRC-64-AVRO of a schema's parsing canonical form.</summary>
    public static ulong FingerprintOf(string schema) =>
        Crc64(Encoding.UTF8.GetBytes(global::Avro.SchemaNormalization.ToParsingForm(global::Avro.Schema.Parse(schema))));

    /// <summary>The specification's CRC: reflected, the polynomial is also the value that an empty text has.</summary>
    internal static ulong Crc64(ReadOnlySpan<byte> bytes)
    {
        const ulong Empty = 0xC15D213AA4D7A795;
        ulong crc = Empty;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (Empty & (0 - (crc & 1)));
            }
        }

        return crc;
    }
}
