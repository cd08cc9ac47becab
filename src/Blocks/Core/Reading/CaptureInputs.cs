namespace FlowPipe.Core.Reading;

/// <summary>A file to be read, or the standard input.</summary>
/// <param name="Path">Where it is; <c>-</c> for the standard input. Messages name it so.</param>
/// <param name="Uri">Where it is, for records.</param>
/// <param name="IsRegular">Whether it is a plain file, that can be read from any offset.</param>
/// <param name="FromDirectory">Whether a directory was asked for: what is no capture in it is then nobody's mistake.</param>
internal sealed record CaptureFile(string Path, string Uri, bool IsRegular, bool FromDirectory)
{
    /// <summary>Whether it is the standard input.</summary>
    public bool IsStandardInput => Path == CaptureInput.StandardInput;

    /// <summary>How messages call it.</summary>
    public string Name => IsStandardInput ? "standard input" : Path;
}

/// <summary>Finds the files that the inputs mean, and what is wrong with them before anything has been read.</summary>
internal static class CaptureInputs
{
    /// <summary>The files, each once, in order.</summary>
    /// <param name="settings">The inputs, and how directories are read.</param>
    /// <param name="damaged">Told of files in a directory that can't be opened; the others are read all the same.</param>
    /// <exception cref="FlowPipeException">An input is missing, unreadable, or of the wrong kind.</exception>
    public static List<CaptureFile> Resolve(FileReaderSettings settings, Action<string> damaged)
    {
        List<CaptureFile> files = [];
        Dictionary<FileIdentity, string> seen = [];
        bool standardInput = false;
        foreach (CaptureInput input in settings.Inputs)
        {
            if (input.IsDirectory)
            {
                AddDirectory(input.Path, settings, damaged, files, seen);
            }
            else if (input.Path != CaptureInput.StandardInput)
            {
                AddFile(input.Path, fromDirectory: false, settings, damaged, files, seen);
            }
            else if (!standardInput)
            {
                standardInput = true;
                files.Add(new CaptureFile(input.Path, "stdin", IsRegular: false, FromDirectory: false));
            }
            else
            {
                settings.Warn?.Invoke("-r - is given twice; the standard input can be read only once");
            }
        }
        if (files.Count == 0 && settings.Inputs.Count > 0 && AllDirectories(settings.Inputs))
            throw new FlowPipeException(
                $"{settings.Inputs[0].Path}: there is no file to read in it{(settings.Recursive ? "" : "; --recursive reads the directories below it too")}"
            );
        return files;
    }

    /// <summary>Checks that a directory is there.</summary>
    /// <exception cref="FlowPipeException">It is not.</exception>
    public static void CheckDirectory(string directory)
    {
        FileKind kind = FileIdentity.Of(directory, out _);
        if (kind == FileKind.Missing)
            throw new FlowPipeException($"{directory}: there is no such directory (or no right to see it): check the path");
        if (kind != FileKind.Directory)
            throw new FlowPipeException($"{directory} is not a directory: give a single capture with -r");
    }

    private static bool AllDirectories(IReadOnlyList<CaptureInput> inputs)
    {
        foreach (CaptureInput input in inputs)
        {
            if (!input.IsDirectory)
                return false;
        }
        return true;
    }

    private static void AddFile(
        string path,
        bool fromDirectory,
        FileReaderSettings settings,
        Action<string> damaged,
        List<CaptureFile> files,
        Dictionary<FileIdentity, string> seen
    )
    {
        FileKind kind = FileIdentity.Of(path, out FileIdentity identity);
        if (kind == FileKind.Missing)
            throw new FlowPipeException($"{path}: there is no such file (or no right to see it): check the path");
        if (kind == FileKind.Directory)
            throw new FlowPipeException($"{path} is a directory: give it with -R to read the captures in it");
        bool regular = kind == FileKind.Regular;
        if (regular && !CheckReadable(path, fromDirectory, damaged))
            return;
        if (identity != default && !seen.TryAdd(identity, path))
        {
            settings.Warn?.Invoke($"{path} is the same file as {seen[identity]} and is read only once");
            return;
        }
        files.Add(new CaptureFile(path, new Uri(Path.GetFullPath(path)).AbsoluteUri, regular, fromDirectory));
    }

    /// <summary>Only plain files are tried: opening a pipe would take its writer's first bytes away, or wait for one.</summary>
    private static bool CheckReadable(string path, bool fromDirectory, Action<string> damaged)
    {
        try
        {
            File.OpenHandle(path).Dispose();
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!fromDirectory)
                throw new FlowPipeException($"{path} can't be opened ({e.Message}): make it readable for this user", e);
            damaged($"{path} can't be opened ({e.Message}): make it readable for this user");
            return false;
        }
    }

    private static void AddDirectory(
        string directory,
        FileReaderSettings settings,
        Action<string> damaged,
        List<CaptureFile> files,
        Dictionary<FileIdentity, string> seen
    )
    {
        CheckDirectory(directory);
        EnumerationOptions options = new()
        {
            RecurseSubdirectories = settings.Recursive,
            AttributesToSkip = FileAttributes.None,
            IgnoreInaccessible = false,
        };
        List<string> paths = [];
        try
        {
            foreach (string path in Directory.EnumerateFiles(directory, "*", options))
                paths.Add(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"{directory} can't be listed ({e.Message}): make it readable for this user", e);
        }
        if (settings.Sorted)
            paths.Sort(StringComparer.Ordinal);
        // nothing at all to read is an error, as a script would not want to take it for a success; one folder of several may be empty
        if (paths.Count == 0 && settings.Inputs.Count > 1)
            settings.Warn?.Invoke(
                $"{directory} holds no files{(settings.Recursive ? "" : "; --recursive reads the directories below it too")}"
            );
        foreach (string path in paths)
            AddFile(path, fromDirectory: true, settings, damaged, files, seen);
    }
}
