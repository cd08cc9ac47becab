using System.Runtime.InteropServices;

namespace FlowPipe.Core.Reading.Live;

/// <summary>The system calls that packet sockets need, as of <c>packet(7)</c> and the kernel's <c>packet_mmap</c>.</summary>
internal static unsafe partial class NativeSocket
{
    public const int AfInet = 2;
    public const int AfPacket = 17;
    public const int SockDatagram = 2;
    public const int SockRaw = 3;
    public const int SockCloseOnExec = 0x80000;
    public const int SolSocket = 1;
    public const int SoError = 4;
    public const int SoAttachFilter = 26;
    public const int SolPacket = 263;
    public const short PollIn = 1;
    public const short PollError = 8;

    // errno
    public const int NotPermitted = 1;
    public const int NoSuchDeviceOrAddress = 6;
    public const int OutOfMemory = 12;
    public const int AccessDenied = 13;
    public const int NoSuchDevice = 19;
    public const int NetworkDown = 100;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "socket", SetLastError = true)]
    public static partial int Open(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int socket);

    [LibraryImport(Library, EntryPoint = "bind", SetLastError = true)]
    public static partial int Bind(int socket, void* address, uint length);

    [LibraryImport(Library, EntryPoint = "getsockname", SetLastError = true)]
    public static partial int GetName(int socket, void* address, uint* length);

    [LibraryImport(Library, EntryPoint = "setsockopt", SetLastError = true)]
    public static partial int SetOption(int socket, int level, int name, void* value, uint length);

    [LibraryImport(Library, EntryPoint = "getsockopt", SetLastError = true)]
    public static partial int GetOption(int socket, int level, int name, void* value, uint* length);

    [LibraryImport(Library, EntryPoint = "ioctl", SetLastError = true)]
    public static partial int Control(int socket, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "mmap", SetLastError = true)]
    public static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport(Library, EntryPoint = "munmap", SetLastError = true)]
    public static partial int Unmap(nint address, nuint length);

    /// <summary><c>struct pollfd</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int Socket;
        public short Events;
        public short Returned;
    }
}
