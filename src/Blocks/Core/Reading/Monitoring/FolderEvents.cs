using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>
/// Linux's inotify(7): which files in some folders were closed after writing or moved there, which folders were made. The framework's
/// FileSystemWatcher does not know of files being closed, which is what matters here.
/// </summary>
internal sealed partial class FolderEvents : IDisposable
{
    /// <summary>What has happened.</summary>
    [Flags]
    public enum Kind : uint
    {
        /// <summary>Closed by who could write to it.</summary>
        CloseWrite = 0x8,

        /// <summary>Moved here.</summary>
        MovedTo = 0x80,

        /// <summary>Made here.</summary>
        Create = 0x100,

        /// <summary>More has happened than the kernel has kept.</summary>
        Overflow = 0x4000,

        /// <summary>The folder is no longer watched: it is gone.</summary>
        Ignored = 0x8000,

        /// <summary>A folder is meant.</summary>
        Folder = 0x4000_0000,
    }

    private const uint Watched = (uint)(Kind.CloseWrite | Kind.MovedTo | Kind.Create) | OnlyFolders;
    private const uint OnlyFolders = 0x0100_0000; // IN_ONLYDIR
    private const int NonBlocking = 0x800; // IN_NONBLOCK
    private const int CloseOnExec = 0x8_0000; // IN_CLOEXEC
    private const int EventHeader = 16;

    private readonly SafeFileHandle? _handle;
    private readonly Dictionary<int, string> _folders = [];
    private readonly byte[] _buffer = new byte[64 * 1024];

    public FolderEvents()
    {
        int descriptor = Init(NonBlocking | CloseOnExec);
        _handle = descriptor < 0 ? null : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>Watches a folder, from now on; once is enough.</summary>
    /// <returns>Whether the kernel does: it has limits.</returns>
    public bool Watch(string folder)
    {
        if (_handle is null)
            return false;
        int watch = AddWatch(_handle, folder, Watched);
        if (watch < 0)
            return false;
        _folders[watch] = folder;
        return true;
    }

    /// <summary>Hands on what has happened since it was asked last, and does not wait.</summary>
    /// <param name="happened">Is told what, and the path; the path is empty where that is not known.</param>
    public void Take(Action<Kind, string> happened)
    {
        if (_handle is null)
            return;
        int read;
        while ((read = (int)Read(_handle, _buffer, (nuint)_buffer.Length)) > 0)
            Take(_buffer.AsSpan(0, read), happened);
    }

    public void Dispose() => _handle?.Dispose();

    /// <summary>
    /// Each event, in the machine's byte order:
    /// <code>
    ///  0 watch (32 bit)   4 what has happened (32)   8 cookie (32)   12 length of the name (32)   16 name, filled up with zeros
    /// </code>
    /// </summary>
    private void Take(ReadOnlySpan<byte> events, Action<Kind, string> happened)
    {
        while (events.Length >= EventHeader)
        {
            int watch = MemoryMarshal.Read<int>(events);
            var kind = (Kind)MemoryMarshal.Read<uint>(events[4..]);
            int length = Math.Min(MemoryMarshal.Read<int>(events[12..]), events.Length - EventHeader);
            ReadOnlySpan<byte> name = events.Slice(EventHeader, length).TrimEnd((byte)0);
            events = events[(EventHeader + length)..];
            if (_folders.TryGetValue(watch, out string? folder))
                happened(kind, Path.Combine(folder, Encoding.UTF8.GetString(name)));
            else if (kind.HasFlag(Kind.Overflow))
                happened(kind, "");
            if (kind.HasFlag(Kind.Ignored))
                _folders.Remove(watch);
        }
    }

    [LibraryImport("libc", EntryPoint = "inotify_init1")]
    private static partial int Init(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int AddWatch(SafeFileHandle handle, string path, uint mask);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(SafeFileHandle handle, [Out] byte[] buffer, nuint length);
}
