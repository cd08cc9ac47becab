using System.Reflection;
using FlowPipe.Abstractions;
using FlowPipe.Core;

namespace FlowPipe.Pipeline.Plugins;

/// <summary>
/// Finds the parsers: every assembly of the parsers' directory, in order of name. The built-in ones come in by this door too, so that nothing
/// else knows their names.
/// </summary>
internal static class PluginLoader
{
    /// <summary>Where the built-in parsers are: beside the executable.</summary>
    public static string DefaultDirectory => Path.Combine(AppContext.BaseDirectory, "parsers");

    public static List<IFlowPipePlugin> Load(string directory)
    {
        string[] files;
        try
        {
            files = Directory.GetFiles(directory, "*.dll");
        }
        catch (IOException e)
        {
            throw new FlowPipeException($"parsers' directory {directory}: {e.Message}; build again with 'make build'", e);
        }
        Array.Sort(files, StringComparer.Ordinal);
        var plugins = new List<IFlowPipePlugin>();
        foreach (string file in files)
            LoadFile(file, plugins);
        return plugins;
    }

    private static void LoadFile(string file, List<IFlowPipePlugin> plugins)
    {
        try
        {
            Assembly assembly = new PluginLoadContext(file).LoadFromAssemblyPath(file);
            foreach (Type type in assembly.GetExportedTypes())
            {
                if (type is { IsClass: true, IsAbstract: false } && typeof(IFlowPipePlugin).IsAssignableFrom(type))
                    plugins.Add((IFlowPipePlugin)Activator.CreateInstance(type)!);
            }
        }
        catch (Exception e)
            when (e
                    is BadImageFormatException
                        or FileLoadException
                        or TypeLoadException
                        or MissingMethodException
                        or TargetInvocationException
            )
        {
            throw new FlowPipeException($"parser {file} can't be loaded: {e.Message}; remove it or build it for this version", e);
        }
    }
}
