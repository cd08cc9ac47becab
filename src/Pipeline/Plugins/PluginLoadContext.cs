using System.Reflection;
using System.Runtime.Loader;

namespace FlowPipe.Pipeline.Plugins;

/// <summary>
/// Loads one plugin with its own dependencies, sharing only what the host and it must agree on. Not collectible: collectible code is neither
/// precompiled nor tiered, and ran a third slower.
/// </summary>
internal sealed class PluginLoadContext(string path) : AssemblyLoadContext(Path.GetFileNameWithoutExtension(path), isCollectible: false)
{
    private readonly AssemblyDependencyResolver _resolver = new(path);

    protected override Assembly? Load(AssemblyName assemblyName) =>
        assemblyName.Name is "FlowPipe.Abstractions" or "FlowPipe.Schemas" ? null
        : _resolver.ResolveAssemblyToPath(assemblyName) is { } found ? LoadFromAssemblyPath(found)
        : null;
}
