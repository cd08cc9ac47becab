using FlowPipe.Abstractions;

namespace FlowPipe.Core.Writing;

/// <summary>A file that packets are written to, as it is known before any byte of it is.</summary>
/// <param name="Id">Its name without folder and ending: node, when the run began, and its number in the run. Records name it by this.</param>
/// <param name="FullName">Where it is.</param>
/// <param name="Directory">The folder of the settings that it lies in, by number.</param>
/// <param name="LinkType">Of all its packets.</param>
/// <param name="Source">How positions name it.</param>
public sealed record PcapFile(string Id, string FullName, int Directory, ushort LinkType, PacketSource Source)
{
    private volatile bool _isLost;

    /// <summary>The disk has refused a piece of it: nothing more can be added.</summary>
    public bool IsLost => _isLost;

    internal void Lose() => _isLost = true;
}
