namespace FlowPipe.Tests.Conformance.TestSupport;

/// <summary>A folder of its own for a test's files; gone when the test is.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("flowpipe-test-").FullName;

    /// <summary>Where a file of that name is or will be.</summary>
    public string Path(string name) => System.IO.Path.Combine(_path, name);

    /// <summary>Writes a file and says where it is.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        string path = Path(name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
