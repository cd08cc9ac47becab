using System.Reflection;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Plugins;

/// <summary>
/// Whether a plugin was built for this version of what it shares with us: the same major version, and while that is 0, when all may change, the
/// same minor one.
/// </summary>
internal static class PluginVersion
{
    private static readonly AssemblyName[] Shared = [typeof(IFlowPipePlugin).Assembly.GetName(), typeof(SpiField).Assembly.GetName()];

    /// <summary>What is wrong with an assembly's references; null when nothing is.</summary>
    public static string? Complaint(Assembly assembly)
    {
        foreach (AssemblyName wanted in assembly.GetReferencedAssemblies())
        foreach (AssemblyName ours in Shared)
        {
            if (wanted.Name == ours.Name && !Fits(wanted.Version!, ours.Version!))
                return $"it was built for {wanted.Name} {wanted.Version!.ToString(3)}, and this is {ours.Version!.ToString(3)}: build it anew";
        }
        return null;
    }

    internal static bool Fits(Version wanted, Version ours) =>
        wanted.Major == ours.Major && (ours.Major > 0 ? wanted.Minor <= ours.Minor : wanted.Minor == ours.Minor);
}
