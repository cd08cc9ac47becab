using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>Whether somebody has a file open for writing.</summary>
internal enum Writers
{
    None,
    Some,
    Unknown,
}

/// <summary>
/// Asks the kernel for a read lease (fcntl(2), F_SETLEASE), which it grants only where nobody can write to the file, and gives it back. That works
/// for the file's owner and for root, on file systems of this machine.
/// </summary>
internal static partial class OpenWriters
{
    private const int SetSignal = 10; // F_SETSIG
    private const int SetLease = 1024; // F_SETLEASE
    private const int ReadLease = 0; // F_RDLCK
    private const int SignalIgnored = 23; // SIGURG, which does nothing by default; that of a broken lease would end the process
    private const int TryAgain = 11; // EAGAIN

    /// <summary>Asks.</summary>
    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it be.</exception>
    public static Writers Of(string path)
    {
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException e) when (e.HResult == TryAgain)
        {
            return Writers.Some; // who writes has it locked (flock(2)), as .NET's programs do
        }
        using (file)
            return Of(file);
    }

    private static Writers Of(SafeFileHandle file)
    {
        if (!IsLocal(file) || Control(file, SetSignal, SignalIgnored) != 0)
            return Writers.Unknown;
        if (Control(file, SetLease, ReadLease) == 0)
            return Writers.None; // closing it gives the lease back
        return Marshal.GetLastPInvokeError() == TryAgain ? Writers.Some : Writers.Unknown;
    }

    /// <summary>
    /// File systems that know all who write. Those over a network refuse leases with the same word as where somebody writes, so what is not known
    /// here is not asked.
    /// </summary>
    private static unsafe bool IsLocal(SafeFileHandle file)
    {
        byte* status = stackalloc byte[256]; // struct statfs begins with the type, as long as a pointer
        if (StatFileSystem(file, status) != 0)
            return false;
        return (uint)*(nint*)status switch
        {
            0xEF53 => true, // ext2 to ext4
            0x5846_5342 => true, // XFS
            0x9123_683E => true, // Btrfs
            0xF2F5_2010 => true, // F2FS
            0xCA45_1A4E => true, // bcachefs
            0x2FC1_2FC1 => true, // ZFS
            0x0102_1994 => true, // tmpfs
            0x8584_58F6 => true, // ramfs
            0x794C_7630 => true, // overlayfs
            _ => false,
        };
    }

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, int command, int argument);

    [LibraryImport("libc", EntryPoint = "fstatfs")]
    private static unsafe partial int StatFileSystem(SafeFileHandle file, byte* status);
}
