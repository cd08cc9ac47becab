namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>Where things are: the repository that the tests are part of, and what is shared beside it.</summary>
internal static class Repository
{
    private static readonly string Root = FindRoot();

    /// <summary>A file or folder of the repository.</summary>
    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    /// <summary>A file or folder of <c>../shared</c>; the test is skipped where it is absent.</summary>
    public static string Shared(params string[] parts)
    {
        string path = System.IO.Path.GetFullPath(System.IO.Path.Combine([Root, "..", "shared", .. parts]));
        if (!System.IO.Path.Exists(path))
            Assert.Skip($"{path} is absent");
        return path;
    }

    /// <summary>The captures of samples/, by path.</summary>
    public static string[] Samples() => Captures(Path("samples"), "*.pcap*");

    /// <summary>A folder's captures in order of name.</summary>
    public static string[] Captures(string folder, string pattern = "*")
    {
        string[] paths = Directory.GetFiles(folder, pattern);
        Array.Sort(paths, StringComparer.Ordinal);
        Assert.NotEmpty(paths);
        return paths;
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "FlowPipe.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is not below FlowPipe.sln");
    }
}
