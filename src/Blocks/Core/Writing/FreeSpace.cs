namespace FlowPipe.Core.Writing;

/// <summary>
/// Keeps room on the disks by removing this node's oldest files, those of earlier runs too, but none that is being written, as far as it can know: a file
/// that has changed within the last minute may be another process's.
/// </summary>
internal sealed class FreeSpace(PcapFolders folders, WriterSettings settings, WriterCounts counts, IPcapFileEvents? events)
{
    private const int IntervalMilliseconds = 1_000;
    private static readonly TimeSpan StillOpen = TimeSpan.FromMinutes(1);
    private static readonly string[] Endings = [".pcap", ".pcap.zst"];
    private long _looked = long.MinValue;

    /// <summary>Removes what must go, at most once a second.</summary>
    /// <param name="isOpen">Whether the file is one that this run writes.</param>
    public void Keep(Predicate<string> isOpen)
    {
        if (settings.FreeSpace == 0 || Environment.TickCount64 - IntervalMilliseconds < _looked)
            return;
        _looked = Environment.TickCount64;
        for (int folder = 0; folder < folders.Count; folder++)
        {
            if (folders.FreeBytes(folder) < settings.FreeSpace)
                Keep(folder, isOpen);
        }
    }

    private void Keep(int folder, Predicate<string> isOpen)
    {
        try
        {
            foreach (FileInfo file in Oldest(folder))
            {
                if (folders.FreeBytes(folder) >= settings.FreeSpace)
                    return;
                // Files are in order of their age.
                if (WallClock.Now - file.LastWriteTimeUtc < StillOpen)
                    return;
                if (isOpen(file.FullName))
                    continue;
                long bytes = file.Length;
                file.Delete();
                counts.AddRemoved(bytes);
                events?.Removed(file.Name[..file.Name.IndexOf(".pcap", StringComparison.Ordinal)], file.FullName, bytes);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            settings.Warn($"{folders[folder]}: room can't be made there: {e.Message}");
        }
    }

    private List<FileInfo> Oldest(int folder)
    {
        var files = new List<FileInfo>();
        foreach (FileInfo file in new DirectoryInfo(folders[folder]).EnumerateFiles(folders.Prefix + "*"))
        {
            if (Array.Exists(Endings, ending => file.Name.EndsWith(ending, StringComparison.Ordinal)) && IsOurs(file.Name))
                files.Add(file);
        }
        files.Sort(static (a, b) => a.LastWriteTimeUtc.CompareTo(b.LastWriteTimeUtc));
        return files;
    }

    // Behind the node's name: 261123-104120-3fa9-0001. Whatever else is called after the node is not ours to remove.
    private bool IsOurs(string name)
    {
        const string Shape = "dddddd-dddddd-xxxx-";
        ReadOnlySpan<char> rest = name.AsSpan(folders.Prefix.Length);
        if (rest.Length <= Shape.Length)
            return false;
        for (int i = 0; i < Shape.Length; i++)
        {
            bool fits = Shape[i] switch
            {
                'd' => char.IsAsciiDigit(rest[i]),
                'x' => char.IsAsciiHexDigitLower(rest[i]),
                var mark => rest[i] == mark,
            };
            if (!fits)
                return false;
        }
        rest = rest[Shape.Length..];
        int digits = 0;
        while (digits < rest.Length && char.IsAsciiDigit(rest[digits]))
            digits++;
        return digits >= 4 && Array.IndexOf(Endings, rest[digits..].ToString()) >= 0;
    }
}
