using FlowPipe.Core.Writing;
using FlowPipe.Tests.Unit.TestSupport;
using ZstdSharp;

namespace FlowPipe.Tests.Unit.Writing;

/// <summary>The writer's files as they are at this moment, also those that are still open; read without the program's own readers.</summary>
internal sealed class WrittenFiles(IReadOnlyList<string> folders)
{
    private readonly Dictionary<string, byte[]> _bytes = new(StringComparer.Ordinal);

    /// <summary>All of them, but not what the writer tries a disk with.</summary>
    public IEnumerable<string> Paths =>
        folders
            .SelectMany(static folder => Directory.GetFiles(folder))
            .Where(static path => !Path.GetFileName(path).StartsWith('.'))
            .Order(StringComparer.Ordinal);

    /// <summary>The packet of a file whose record begins at an offset of it.</summary>
    public (long Ns, uint Original, string Frame) Read(string file, long offset)
    {
        ReadOnlySpan<byte> all = Bytes(file);
        Assert.InRange(offset, PcapLayout.FileHeaderLength, all.Length - PcapLayout.RecordHeaderLength);
        ReadOnlySpan<byte> rest = all[(int)offset..];
        int length = PcapLayout.RecordHeaderLength + System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(rest[8..]);
        Assert.InRange(length, PcapLayout.RecordHeaderLength, rest.Length);
        return Assert.Single(PlainPcap.Read([.. all[..PcapLayout.FileHeaderLength], .. rest[..length]]));
    }

    /// <summary>A file's bytes before compression, up to where they are whole.</summary>
    private byte[] Bytes(string file)
    {
        if (_bytes.TryGetValue(file, out byte[]? bytes))
            return bytes;
        string path = Paths.Single(path => Path.GetFileName(path).StartsWith(file + ".", StringComparison.Ordinal));
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var plain = new MemoryStream();
        if (path.EndsWith(".zst", StringComparison.Ordinal))
        {
            using var zstd = new DecompressionStream(stream, checkEndOfStream: false);
            zstd.CopyTo(plain);
        }
        else
        {
            stream.CopyTo(plain);
        }
        return _bytes[file] = plain.ToArray();
    }
}
