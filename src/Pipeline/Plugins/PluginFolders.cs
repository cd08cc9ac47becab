using FlowPipe.Core;

namespace FlowPipe.Pipeline.Plugins;

/// <summary>Finds the files of parsers and plugins. Of files of the same name in several folders the first one found is taken.</summary>
internal static class PluginFolders
{
    private const string Extension = ".dll";

    /// <summary>Where the parsers are that came with the executable: beside it.</summary>
    public static string BuiltIn => Path.Combine(AppContext.BaseDirectory, "parsers");

    /// <summary>The files of all parsers, folder by folder, by name within each.</summary>
    /// <exception cref="FlowPipeException">A folder can't be read.</exception>
    public static IEnumerable<string> Parsers(IReadOnlyList<string> folders)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in folders)
        {
            string folder = Path.GetFullPath(PathOf(name));
            string[] files;
            try
            {
                files = Directory.GetFiles(folder, "*" + Extension);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                string remedy = name == PluginSettings.BuiltIn ? "build again with 'make build'" : "see what parsersDir names";
                throw new FlowPipeException($"parsers' folder {folder}: {e.Message}; {remedy}", e);
            }
            Array.Sort(files, StringComparer.Ordinal);
            foreach (string file in files)
                if (seen.Add(Path.GetFileName(file)))
                    yield return file;
        }
    }

    /// <summary>The files of plugins that are asked for by name, with or without <c>.dll</c>.</summary>
    /// <exception cref="FlowPipeException">One is in none of the folders.</exception>
    public static IEnumerable<string> Plugins(IReadOnlyList<string> names, string setting, IReadOnlyList<string> folders)
    {
        foreach (string name in names)
        {
            string file = name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase) ? name : name + Extension;
            yield return folders.Select(folder => Path.GetFullPath(Path.Combine(folder, file))).FirstOrDefault(File.Exists)
                ?? throw new FlowPipeException(
                    folders.Count == 0
                        ? $"{setting} names {file}, but pluginsDir names no folder to look for it in"
                        : $"{setting} names {file}, which is in no folder of pluginsDir ({string.Join(", ", folders)})"
                )
                {
                    IsWrongUsage = true,
                };
        }
    }

    private static string PathOf(string folder) => folder == PluginSettings.BuiltIn ? BuiltIn : folder;
}
