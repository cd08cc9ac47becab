using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>
/// A file of entries, one behind the other, named by the number of its first one (<c>00000000000000000042.seg</c>). Numbers are little-endian.
/// <code>
///  0        4         8                 16              24        32        40       44
///  +--------+---------+-----------------+---------------+---------+---------+--------+---------+
///  | "FPSP" | version | first sequence  | begun at ms   | entries | records | sealed | CRC-32C |
///  +--------+---------+-----------------+---------------+---------+---------+--------+---------+
///  48: entries, see <see cref="SpoolEntry"/>
/// </code>
/// Entries and records are counted when the segment is sealed; until then they are 0, and whoever opens the spool counts them.
/// </summary>
internal sealed class SpoolSegment : IDisposable
{
    public const int HeaderLength = 48;
    public const string Extension = ".seg";
    private const uint Magic = 0x50535046; // "FPSP"
    private const int Version = 1;
    private readonly SafeFileHandle _file;
    private readonly long _begunMs;

    private SpoolSegment(string path, SafeFileHandle file, long first, long begunMs)
    {
        Path = path;
        _file = file;
        First = first;
        _begunMs = begunMs;
    }

    public string Path { get; }

    /// <summary>Number of its first entry.</summary>
    public long First { get; }

    /// <summary>Number behind its last one.</summary>
    public long End => First + Entries;

    public long Entries { get; private set; }

    public long Records { get; private set; }

    /// <summary>Bytes of it.</summary>
    public long Length { get; private set; }

    public bool IsSealed { get; private set; }

    /// <summary>Begins a new one.</summary>
    public static SpoolSegment Create(string folder, long first, long nowMs)
    {
        string path = System.IO.Path.Combine(folder, first.ToString("D20", CultureInfo.InvariantCulture) + Extension);
        // What a run that died in between has left under this name holds no entry: its number would be taken.
        SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read);
        var segment = new SpoolSegment(path, file, first, nowMs);
        try
        {
            segment.WriteHeader();
            segment.Length = HeaderLength;
            return segment;
        }
        catch
        {
            segment.Delete();
            throw;
        }
    }

    /// <summary>Opens one that is there; its entries are not counted unless it was sealed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="forWriting">Whether it is to be written to as well.</param>
    /// <returns>Null when it is no segment.</returns>
    public static SpoolSegment? Open(string path, bool forWriting)
    {
        if (
            !long.TryParse(
                System.IO.Path.GetFileNameWithoutExtension(path),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out long first
            )
        )
            return null;
        SafeFileHandle file = File.OpenHandle(
            path,
            FileMode.Open,
            forWriting ? FileAccess.ReadWrite : FileAccess.Read,
            forWriting ? FileShare.Read : FileShare.ReadWrite
        );
        var segment = new SpoolSegment(path, file, first, 0) { Length = RandomAccess.GetLength(file) };
        segment.ReadHeader();
        return segment;
    }

    /// <summary>Puts an entry behind the last one: a write to the system's page cache.</summary>
    /// <exception cref="IOException">There is no room for it; nothing of it is left.</exception>
    public void Append(ReadOnlySpan<byte> entry, int records)
    {
        try
        {
            RandomAccess.Write(_file, entry, Length);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // .NET calls a file that reached its limit of size (EFBIG) an argument out of range.
            CutAt(Length);
            throw e as IOException ?? new IOException("the file is as large as it may be", e);
        }
        Length += entry.Length;
        Entries++;
        Records += records;
    }

    /// <summary>Nothing is appended any more.</summary>
    public void Seal()
    {
        IsSealed = true;
        try
        {
            WriteHeader();
        }
        catch (IOException)
        {
            // It is counted by whoever opens it.
        }
    }

    /// <summary>Sees to it that what was written survives a power cut.</summary>
    public void Sync() => RandomAccess.FlushToDisk(_file);

    /// <summary>Reads bytes of it.</summary>
    /// <returns>How many there were.</returns>
    public int Read(Span<byte> into, long offset)
    {
        int read = 0;
        while (read < into.Length)
        {
            int got = RandomAccess.Read(_file, into[read..], offset + read);
            if (got == 0)
                break;
            read += got;
        }
        return read;
    }

    /// <summary>What a count has found.</summary>
    public void Counted(long entries, long records)
    {
        Entries = entries;
        Records = records;
    }

    /// <summary>Takes away what lies behind.</summary>
    public void CutAt(long length)
    {
        try
        {
            RandomAccess.SetLength(_file, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What is left there has no right checksum, and the next entry is written over it.
        }
        Length = length;
    }

    public void Delete()
    {
        _file.Dispose();
        try
        {
            File.Delete(Path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The cursor says that it is done with.
        }
    }

    public void Dispose() => _file.Dispose();

    private void WriteHeader()
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        BinaryPrimitives.WriteUInt32LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], First);
        BinaryPrimitives.WriteInt64LittleEndian(header[16..], _begunMs);
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], IsSealed ? Entries : 0);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], IsSealed ? Records : 0);
        BinaryPrimitives.WriteInt32LittleEndian(header[40..], IsSealed ? 1 : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(header[44..], Crc32C.Of(header[..44]));
        RandomAccess.Write(_file, header, 0);
    }

    private void ReadHeader()
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        bool isRight =
            Read(header, 0) == HeaderLength
            && BinaryPrimitives.ReadUInt32LittleEndian(header) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(header[44..]) == Crc32C.Of(header[..44])
            && BinaryPrimitives.ReadInt64LittleEndian(header[8..]) == First;
        if (isRight && BinaryPrimitives.ReadInt32LittleEndian(header[4..]) != Version)
            throw new FlowPipeException($"{Path}: another version of flowpipe wrote this spool; drain it with that one");
        if (!isRight || BinaryPrimitives.ReadInt32LittleEndian(header[40..]) == 0)
            return;
        IsSealed = true;
        Entries = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        Records = BinaryPrimitives.ReadInt64LittleEndian(header[32..]);
    }
}
