using System.Runtime.InteropServices;

namespace FlowPipe.Core.Reading;

/// <summary>What the kernel says of a path.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Identity">Which it is.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="ModifiedNs">When its contents were changed last, nanoseconds since 1970-01-01 UTC.</param>
/// <param name="ChangedNs">When anything about it was, its rights included.</param>
internal readonly partial record struct FileStatus(FileKind Kind, FileIdentity Identity, long Size, long ModifiedNs, long ChangedNs)
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint Basic = 0x7FF; // STATX_BASIC_STATS
    private const int TypeMask = 0xF000;

    /// <summary>
    /// Asks, following links. The runtime has no call that tells device and inode; <c>statx</c> is the one whose structure is the same on every
    /// architecture.
    /// <code>
    ///  28 mode (16 bit)   32 inode (64 bit)   40 size (64 bit)    96 ctime: seconds (64 bit), nanoseconds (32 bit)
    /// 112 mtime: seconds (64 bit), nanoseconds (32 bit)          136 device major    140 device minor    256 bytes in all
    /// </code>
    /// </summary>
    public static unsafe FileStatus Of(string path)
    {
        byte* status = stackalloc byte[256];
        if (StatX(CurrentDirectory, path, 0, Basic, status) != 0)
        {
            // no right to look, or nothing there: opening it will tell which
            FileKind found =
                File.Exists(path) ? FileKind.Other
                : Directory.Exists(path) ? FileKind.Directory
                : FileKind.Missing;
            return new FileStatus(found, default, 0, 0, 0);
        }
        FileKind kind = (*(ushort*)(status + 28) & TypeMask) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            _ => FileKind.Other,
        };
        return new FileStatus(
            kind,
            new FileIdentity(*(uint*)(status + 136), *(uint*)(status + 140), *(ulong*)(status + 32)),
            *(long*)(status + 40),
            TimeAt(status + 112),
            TimeAt(status + 96)
        );
    }

    private static unsafe long TimeAt(byte* time) => unchecked((*(long*)time * 1_000_000_000) + *(uint*)(time + 8));

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, byte* status);
}
