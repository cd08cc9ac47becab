using System.Buffers.Binary;

namespace FlowPipe.Core.Reading;

/// <summary>CRC-32 as gzip and Ethernet have it (ISO 3309; reflected polynomial EDB88320), eight bytes a step.</summary>
internal struct Crc32()
{
    private const uint Polynomial = 0xEDB8_8320;
    private const int Slices = 8;
    private static readonly uint[] Tables = Make();

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of what was added.</summary>
    public readonly uint Value => ~_state;

    /// <summary>Adds bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        uint[] tables = Tables;
        uint crc = _state;
        while (bytes.Length >= Slices)
        {
            uint low = crc ^ BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            // the table's number is how many bytes follow the one that it is for
            crc =
                tables[(7 << 8) | (int)(low & 0xFF)]
                ^ tables[(6 << 8) | (int)((low >> 8) & 0xFF)]
                ^ tables[(5 << 8) | (int)((low >> 16) & 0xFF)]
                ^ tables[(4 << 8) | (int)(low >> 24)]
                ^ tables[(3 << 8) | (int)(high & 0xFF)]
                ^ tables[(2 << 8) | (int)((high >> 8) & 0xFF)]
                ^ tables[(1 << 8) | (int)((high >> 16) & 0xFF)]
                ^ tables[(int)(high >> 24)];
            bytes = bytes[Slices..];
        }
        foreach (byte one in bytes)
            crc = tables[(crc ^ one) & 0xFF] ^ (crc >> 8);
        _state = crc;
    }

    private static uint[] Make()
    {
        uint[] tables = new uint[Slices << 8];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ Polynomial : crc >> 1;
            tables[i] = crc;
        }
        for (int i = 256; i < tables.Length; i++)
            tables[i] = tables[tables[i - 256] & 0xFF] ^ (tables[i - 256] >> 8);
        return tables;
    }
}
