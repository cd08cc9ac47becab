using FlowPipe.Abstractions;

namespace FlowPipe.Core.Writing;

/// <summary>A file that packets are written to, as it is known before any byte of it is. There is one of it, and it may become lost: no record.</summary>
/// <param name="id">Its name without folder and ending: node, when the run began, and its number in the run. Records name it by this.</param>
/// <param name="fullName">Where it is.</param>
/// <param name="directory">The folder of the settings that it lies in, by number.</param>
/// <param name="linkType">Of all its packets.</param>
/// <param name="source">How positions name it.</param>
public sealed class PcapFile(string id, string fullName, int directory, ushort linkType, PacketSource source)
{
    private volatile bool _isLost;

    /// <summary>Its name without folder and ending: node, when the run began, and its number in the run. Records name it by this.</summary>
    public string Id => id;

    /// <summary>Where it is.</summary>
    public string FullName => fullName;

    /// <summary>The folder of the settings that it lies in, by number.</summary>
    public int Directory => directory;

    /// <summary>Of all its packets.</summary>
    public ushort LinkType => linkType;

    /// <summary>How positions name it.</summary>
    public PacketSource Source => source;

    /// <summary>The disk has refused a piece of it: nothing more can be added.</summary>
    public bool IsLost => _isLost;

    internal void Lose() => _isLost = true;
}
