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
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Inode)
{
    /// <summary>Asks the kernel, following links.</summary>
    public static FileKind Of(string path, out FileIdentity identity)
    {
        FileStatus status = FileStatus.Of(path);
        identity = status.Identity;
        return status.Kind;
    }
}
