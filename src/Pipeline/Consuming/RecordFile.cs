namespace FlowPipe.Pipeline.Consuming;

/// <summary>Files of records as users name them.</summary>
internal static class RecordFile
{
    /// <summary>The file's path. Sinks are named avro:FILE and ndjson:FILE; who copies the name from there means the file.</summary>
    public static string PathOf(string name)
    {
        foreach (string scheme in (ReadOnlySpan<string>)["avro:", "ndjson:"])
            if (name.StartsWith(scheme, StringComparison.Ordinal))
                name = name[scheme.Length..];
        return name;
    }
}
