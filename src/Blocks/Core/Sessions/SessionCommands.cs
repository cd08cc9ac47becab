using System.Threading.Tasks.Dataflow;
using FlowPipe.Abstractions;
using FlowPipe.Core.Enqueue;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Plugins;

namespace FlowPipe.Core.Sessions;

/// <summary>Reaches sessions from any thread, for a plugin or for FlowPipe itself.</summary>
public sealed class SessionCommands : ISessionCommands
{
    private readonly MProtocol[] _protocols;
    private readonly Tracking _tracking;
    private readonly IReadOnlyList<SessionBlock> _blocks;
    private readonly PluginEntry _plugin;

    internal SessionCommands(MProtocol[] protocols, Tracking tracking, IReadOnlyList<SessionBlock> blocks, PluginEntry plugin)
    {
        _plugin = plugin;
        _protocols = protocols;
        _tracking = tracking;
        _blocks = blocks;
    }

    /// <inheritdoc/>
    public Task<SessionInfo?> LookUpAsync(FlowKey key) =>
        SendAsync(new SessionRef(IdOf(key), SessionRef.Any), SessionAction.LookUp, default);

    /// <inheritdoc/>
    public Task<SessionInfo?> LookUpAsync(SessionRef session) => SendAsync(session, SessionAction.LookUp, default);

    /// <inheritdoc/>
    public Task<SessionInfo?> TagAsync(SessionRef session, ReadOnlyMemory<byte> tag) => SendAsync(session, SessionAction.Tag, tag);

    /// <inheritdoc/>
    public Task<SessionInfo?> StopSavingAsync(SessionRef session) => SendAsync(session, SessionAction.StopSaving, default);

    /// <inheritdoc/>
    public Task<SessionInfo?> CloseAsync(SessionRef session) => SendAsync(session, SessionAction.Close, default);

    /// <inheritdoc/>
    public Task<SessionInfo?> PostAsync(SessionRef session, SessionWork work) => SendAsync(session, SessionAction.Work, default, work);

    /// <summary>The same for a plugin, which is named when its work throws.</summary>
    internal SessionCommands Of(PluginEntry plugin) => new(_protocols, _tracking, _blocks, plugin);

    private async Task<SessionInfo?> SendAsync(SessionRef session, SessionAction action, ReadOnlyMemory<byte> tag, SessionWork? work = null)
    {
        int partition = EnqueueBlock.PartitionOf(session.Id.Hash(_tracking.Salt), _blocks.Count);
        ActionBlock<PartitionMessage> queue = _blocks[partition].Input;
        var command = new SessionCommand(session, action, tag.ToArray())
        {
            Partition = partition,
            Work = work,
            Plugin = _plugin,
        };
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
