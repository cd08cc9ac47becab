using System.Runtime.InteropServices;

namespace FlowPipe.Core.Reading;

/// <summary>What kind of thing a path names.</summary>
internal enum FileKind
{
    Missing,
    Regular,
    Directory,
    Other,
}

/// <summary>Device and inode: the same for every name of a file.</summary>
internal readonly partial record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint TypeAndInode = 0x1 | 0x100; // STATX_TYPE | STATX_INO
    private const int TypeMask = 0xF000;

    /// <summary>
    /// Asks the kernel, following links. The runtime has no call for it; <c>statx</c> is the one whose structure is the same on every architecture.
    /// <code>
    ///  28 mode (16 bit)   32 inode (64 bit)   136 device major   140 device minor   256 bytes in all
    /// </code>
    /// </summary>
    public static unsafe FileKind Of(string path, out FileIdentity identity)
    {
        byte* status = stackalloc byte[256];
        identity = default;
        if (StatX(CurrentDirectory, path, 0, TypeAndInode, status) != 0)
        {
            // no right to look, or nothing there: opening it will tell which
            return File.Exists(path) ? FileKind.Other
                : Directory.Exists(path) ? FileKind.Directory
                : FileKind.Missing;
        }
        identity = new FileIdentity(*(uint*)(status + 136), *(uint*)(status + 140), *(ulong*)(status + 32));
        return (*(ushort*)(status + 28) & TypeMask) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            _ => FileKind.Other,
        };
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, byte* status);
}
