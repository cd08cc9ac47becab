using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Reaches sessions from any thread. A command goes through the queue of the partition that owns the session, behind what waits there, so
/// nothing is locked. All answers are null when there is no such session, or no longer, or when the run is over.
/// </summary>
public sealed class SessionCommands
{
    private readonly MProtocol[] _protocols;
    private readonly Tracking _tracking;
    private readonly IReadOnlyList<SessionBlock> _blocks;

    internal SessionCommands(MProtocol[] protocols, Tracking tracking, IReadOnlyList<SessionBlock> blocks)
    {
        _protocols = protocols;
        _tracking = tracking;
        _blocks = blocks;
    }

    /// <summary>The open session of a key.</summary>
    /// <exception cref="ArgumentException">No protocol of that name has such keys.</exception>
    public Task<SessionInfo?> LookUpAsync(FlowKey key) =>
        SendAsync(new SessionRef(IdOf(key), SessionRef.Any), SessionAction.LookUp, default);

    /// <summary>What is known of a session now; null when it has ended.</summary>
    public Task<SessionInfo?> LookUpAsync(SessionRef session) => SendAsync(session, SessionAction.LookUp, default);

    /// <summary>Adds a tag, which is in its records from now on.</summary>
    public Task<SessionInfo?> TagAsync(SessionRef session, ReadOnlyMemory<byte> tag) => SendAsync(session, SessionAction.Tag, tag);

    /// <summary>Keeps no more of its packets: they are counted, but their positions are not in its records (tag <c>truncated-pcap</c>).</summary>
    public Task<SessionInfo?> StopSavingAsync(SessionRef session) => SendAsync(session, SessionAction.StopSaving, default);

    /// <summary>Ends it: its record is made at once, for the reason <see cref="EndReason.Forced"/>. Answers what it was before.</summary>
    public Task<SessionInfo?> CloseAsync(SessionRef session) => SendAsync(session, SessionAction.Close, default);

    private async Task<SessionInfo?> SendAsync(SessionRef session, SessionAction action, ReadOnlyMemory<byte> tag)
    {
        int partition = EnqueueBlock.PartitionOf(session.Id.Hash(_tracking.Salt), _blocks.Count);
        ActionBlock<PartitionMessage> queue = _blocks[partition].Input;
        var command = new SessionCommand(session, action, tag.ToArray()) { Partition = partition };
        if (!await queue.SendAsync(command).ConfigureAwait(false))
            return null;
        // A run that fails drops what is queued, and nobody would answer.
        await Task.WhenAny(command.Answer, queue.Completion).ConfigureAwait(false);
        return command.Answer.IsCompletedSuccessfully ? await command.Answer.ConfigureAwait(false) : null;
    }

    private SessionId IdOf(FlowKey key)
    {
        foreach (MProtocol protocol in _protocols)
        {
            if (protocol is IpMProtocol ip && ip.Name == key.Protocol)
            {
                var layers = new PacketRecord
                {
                    Vlan0 = key.Vlan,
                    Vlan1 = key.InnerVlan,
                    Vni = key.Vni,
                    TunnelDepth = key.TunnelDepth,
                };
                return ip.KeyOf(in layers, in _tracking, key.Source, key.SourcePort, key.Destination, key.DestinationPort);
            }
        }
        throw new ArgumentException($"no protocol '{key.Protocol}' has sessions between addresses", nameof(key));
    }
}

/// <summary>What tells a session over IP from others, in either direction.</summary>
/// <param name="Protocol">Name of the protocol, such as <c>tcp</c>.</param>
/// <param name="Source">Address of one end.</param>
/// <param name="SourcePort">Its port; 0 where the protocol has none.</param>
/// <param name="Destination">Address of the other end.</param>
/// <param name="DestinationPort">Its port.</param>
public readonly record struct FlowKey(string Protocol, IpAddress Source, ushort SourcePort, IpAddress Destination, ushort DestinationPort)
{
    /// <summary>The outer VLAN id; it matters where VLANs are tracked.</summary>
    public ushort Vlan { get; init; }

    /// <summary>The second VLAN id.</summary>
    public ushort InnerVlan { get; init; }

    /// <summary>The virtual network's identifier; it matters where these are tracked.</summary>
    public uint Vni { get; init; }

    /// <summary>The number of tunnels around it.</summary>
    public byte TunnelDepth { get; init; }
}
