using System.Reflection;
using FlowPipe.Abstractions;
using FlowPipe.Core;

namespace FlowPipe.Pipeline.Plugins;

/// <summary>
/// Loads parsers and plugins: each file's public classes that implement <see cref="IFlowPipePlugin"/>. The built-in parsers come in by this door too, so
/// that nothing else knows their names. A file that can't be used is named and left out; of those that came with the executable none may be missing.
/// </summary>
internal static class PluginLoader
{
    /// <summary>Loads what the settings name, in the order in which it registers: root plugins, parsers, plugins.</summary>
    /// <param name="settings">What is wanted.</param>
    /// <param name="warn">Told of what can't be used.</param>
    /// <exception cref="FlowPipeException">A folder or a plugin that is named is not there, or the installation is broken.</exception>
    public static List<IFlowPipePlugin> Load(PluginSettings settings, Action<string> warn)
    {
        List<IFlowPipePlugin> plugins = LoadRoot(settings, warn);
        plugins.AddRange(LoadOthers(settings, warn));
        return plugins;
    }

    /// <summary>The plugins that are made while privileges are still there.</summary>
    /// <exception cref="FlowPipeException">One that is named is not there.</exception>
    public static List<IFlowPipePlugin> LoadRoot(PluginSettings settings, Action<string> warn)
    {
        var plugins = new List<IFlowPipePlugin>();
        foreach (string file in PluginFolders.Plugins(settings.RootPlugins, "rootPlugins", settings.PluginsDir))
            LoadFile(file, plugins, warn);
        return plugins;
    }

    /// <summary>The parsers, and the plugins that come after them.</summary>
    /// <exception cref="FlowPipeException">A folder or a plugin that is named is not there, or the installation is broken.</exception>
    public static List<IFlowPipePlugin> LoadOthers(PluginSettings settings, Action<string> warn)
    {
        var plugins = new List<IFlowPipePlugin>();
        foreach (string file in PluginFolders.Parsers(settings.ParsersDir))
            LoadFile(file, plugins, warn);
        foreach (string file in PluginFolders.Plugins(settings.Plugins, "plugins", settings.PluginsDir))
            LoadFile(file, plugins, warn);
        return plugins;
    }

    private static void LoadFile(string file, List<IFlowPipePlugin> plugins, Action<string> warn)
    {
        bool isOurs = Path.GetDirectoryName(file) == Path.GetFullPath(PluginFolders.BuiltIn);
        try
        {
            var found = new List<IFlowPipePlugin>();
            Assembly assembly = new PluginLoadContext(file).LoadFromAssemblyPath(file);
            if (PluginVersion.Complaint(assembly) is { } complaint)
            {
                warn($"{file} is not used: {complaint}");
                return;
            }
            foreach (Type type in assembly.GetExportedTypes())
            {
                if (type is { IsClass: true, IsAbstract: false } && typeof(IFlowPipePlugin).IsAssignableFrom(type))
                    found.Add((IFlowPipePlugin)Activator.CreateInstance(type)!);
            }
            plugins.AddRange(found);
            if (found.Count == 0 && !isOurs)
                warn($"{file} is not used: it has no public class that implements {nameof(IFlowPipePlugin)}");
        }
        // Whatever a stranger's code throws while it is made
        catch (Exception e) when (!isOurs)
        {
            warn(
                $"{file} is not used: it can't be loaded: {(e is TargetInvocationException { InnerException: { } inner } ? inner : e).Message}"
            );
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or TypeLoadException or TargetInvocationException)
        {
            throw new FlowPipeException($"parser {file} can't be loaded: {e.Message}; build again with 'make build'", e);
        }
    }
}
