namespace FlowPipe.Core.Emitting;

/// <summary>How file sinks open their file, and how they say what is wrong with it.</summary>
public static class SinkFile
{
    /// <summary>Records tell who talked to whom: nobody but owner and group reads them.</summary>
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    /// <summary>EPIPE, the same on all systems that we run on.</summary>
    private const int BrokenPipe = 32;

    /// <summary>Creates the file or empties it. Unbuffered: sinks write whole blocks.</summary>
    public static FileStream Create(string path)
    {
        if (Directory.Exists(path))
        {
            throw new FlowPipeException($"{path}: is a directory; name a file to write");
        }

        try
        {
            return new FileStream(path, Private(FileMode.Create, FileAccess.Write, FileShare.Read));
        }
        catch (Exception e) when (e is DirectoryNotFoundException or FileNotFoundException)
        {
            throw new FlowPipeException($"{path}: can't be created: there is no such directory; create it, or write elsewhere", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new FlowPipeException(
                $"{path}: can't be created: permission denied; write to a directory that is yours, or change its permissions",
                e
            );
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new FlowPipeException($"{path}: can't be created: {Reason(e)}", e);
        }
    }

    /// <summary>How a file is opened that others must not read if it is made now. Unbuffered.</summary>
    public static FileStreamOptions Private(FileMode mode, FileAccess access, FileShare share, FileOptions options = FileOptions.None)
    {
        var how = new FileStreamOptions
        {
            Mode = mode,
            Access = access,
            Share = share,
            Options = options,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows() && mode is not (FileMode.Open or FileMode.Truncate))
        {
            how.UnixCreateMode = Mode;
        }

        return how;
    }

    /// <summary>
    /// Standard output, by its descriptor: the console's own stream keeps silent when the reader of a pipe has gone away.
    /// </summary>
    public static FileStream StandardOutput()
    {
        try
        {
            var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(1, ownsHandle: false);
            return new FileStream(handle, FileAccess.Write, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"standard output can't be written: {Reason(e)}; redirect it to a file or a pipe", e);
        }
    }

    /// <summary>What to tell when a write failed. .NET calls a file that reached its limit of size (EFBIG) an argument out of range.</summary>
    public static FlowPipeException WriteFailed(string name, long kept, Exception cause) =>
        cause is IOException && cause.HResult == BrokenPipe
            ? new FlowPipeException($"{name}: whoever read it has gone away (broken pipe); {kept} records were written before", cause)
            : new FlowPipeException(
                $"{name}: writing failed: {Reason(cause)}; the {kept} records written before are kept. Make room or write elsewhere, and run again",
                cause
            );

    /// <summary>The system's words, without the path that .NET repeats after them.</summary>
    private static string Reason(Exception e)
    {
        if (e is ArgumentOutOfRangeException)
            return "the file is as large as the file system, or a limit on this process, lets it be";
        int path = e.Message.IndexOf(" : '", StringComparison.Ordinal);
        return (path < 0 ? e.Message : e.Message[..path]).TrimEnd('.');
    }
}
