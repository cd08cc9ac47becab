using System.Security.Cryptography;
using System.Text;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>
/// The directory of one sink's spool, under that of all: named by the topic and a hash of the sink's name, which lies in the file <c>sink</c>. The
/// file <c>lock</c> is held by the one process that writes and drains.
/// </summary>
internal sealed class SpoolFolder : IDisposable
{
    private const string SinkFile = "sink";
    private const string LockFile = "lock";

    /// <summary>Records tell who talked to whom: nobody but owner and group reads them.</summary>
    private const UnixFileMode Mode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;

    private readonly FileStream _lock;

    private SpoolFolder(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    public string Path { get; }

    /// <summary>Where a sink's spool is.</summary>
    public static string Of(string root, KafkaTarget target)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(target.ToString()));
        return System.IO.Path.Combine(root, $"{target.Topic}-{Convert.ToHexStringLower(hash.AsSpan(0, 4))}");
    }

    /// <summary>All spools in a directory, by name.</summary>
    /// <exception cref="FlowPipeException">There is no such directory, or it can't be read.</exception>
    public static IReadOnlyList<string> AllIn(string root)
    {
        try
        {
            string[] folders = Directory.GetDirectories(root);
            Array.Sort(folders, StringComparer.Ordinal);
            return Array.FindAll(folders, static folder => File.Exists(System.IO.Path.Combine(folder, SinkFile)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FlowPipeException($"spool.dir {root}: it can't be read: {e.Message}", e);
        }
    }

    /// <summary>The sink that a spool is of, as it was named; null when nobody knows.</summary>
    public static string? SinkOf(string folder)
    {
        try
        {
            return File.ReadAllText(System.IO.Path.Combine(folder, SinkFile)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a process has locked it.</summary>
    public static bool IsInUse(string folder)
    {
        try
        {
            using FileStream held = Hold(folder);
            return false;
        }
        catch (FlowPipeException)
        {
            return true;
        }
    }

    /// <summary>Makes the directory where it is missing, and locks it.</summary>
    /// <exception cref="FlowPipeException">It can't be had, or another process has it.</exception>
    public static SpoolFolder Lock(string root, KafkaTarget target, string sink)
    {
        string path = Of(root, target);
        try
        {
            if (OperatingSystem.IsWindows())
                Directory.CreateDirectory(path);
            else
                Directory.CreateDirectory(path, Mode);
            FileStream held = Hold(path);
            File.WriteAllText(System.IO.Path.Combine(path, SinkFile), sink + "\n");
            return new SpoolFolder(path, held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FlowPipeException($"spool.dir {root}: it can't be used: {e.Message}; make it writable, or name another", e);
        }
    }

    public void Dispose() => _lock.Dispose();

    private static FileStream Hold(string path)
    {
        try
        {
            return new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            throw new FlowPipeException(
                $"spool {path}: another flowpipe has it; wait for that one to end, or give this one a spool.dir of its own",
                e
            );
        }
    }
}
