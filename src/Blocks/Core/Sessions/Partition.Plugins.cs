using System.Runtime.CompilerServices;
using FlowPipe.Abstractions;
using FlowPipe.Core.Messages;
using FlowPipe.Core.Plugins;

namespace FlowPipe.Core.Sessions;

/// <summary>
/// Calls into protocols that plugins have registered: what they throw costs them the packet or the rest of the session, and the sensor nothing. TCP and
/// UDP, of which nearly all packets are, are called as they are.
/// </summary>
internal sealed partial class Partition
{
    private const string PacketGivenUp = "the packet was given up (pluginFailed)";

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryCreateSessionId(bool guarded, MProtocol protocol, in PacketView packet, out SessionId id)
    {
        if (guarded)
            return TryCreateGuarded(protocol, in packet, out id);
        protocol.CreateSessionId(in packet, in _tracking, out id);
        return true;
    }

    private bool TryCreateGuarded(MProtocol protocol, in PacketView packet, out SessionId id)
    {
        try
        {
            protocol.CreateSessionId(in packet, in _tracking, out id);
            SessionKeys.Require(in id, protocol);
            return true;
        }
        catch (Exception e)
        {
            id = default;
            _parsers.OnKeyFault(protocol, PacketGivenUp, e);
            return false;
        }
    }

    /// <summary>Pre-processes a packet. Where that fails, the packet is not the session's, and one that was begun for it has never been.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryPreProcess(
        bool guarded,
        MProtocol protocol,
        FlowSession session,
        in PacketView packet,
        bool isNew,
        out PreProcess result
    )
    {
        if (guarded)
            return TryPreProcessGuarded(session, in packet, isNew, out result);
        result = protocol.PreProcess(session, in packet, isNew);
        return true;
    }

    private bool TryPreProcessGuarded(FlowSession session, in PacketView packet, bool isNew, out PreProcess result)
    {
        try
        {
            result = session.Protocol.PreProcess(session, in packet, isNew);
            session.RequireOpenRecords(0);
            return true;
        }
        catch (Exception e)
        {
            result = PreProcess.Continue;
            _parsers.OnProtocolFault(session, "PreProcess", PacketGivenUp, e);
            if (isNew)
                Discard(session);
            return false;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Process(bool guarded, MProtocol protocol, FlowSession session, in PacketView packet)
    {
        if (guarded)
            ProcessGuarded(session, in packet);
        else
            protocol.Process(session, in packet);
    }

    private void ProcessGuarded(FlowSession session, in PacketView packet)
    {
        if (session.ProtocolFailed)
            return;
        try
        {
            session.Protocol.Process(session, in packet);
            session.RequireOpenRecords(0);
        }
        catch (Exception e)
        {
            _parsers.OnProtocolFault(session, "Process", "the session's packets are only counted from there on", e);
        }
    }

    private void MidSave(FlowSession session)
    {
        if (session.ProtocolFailed)
            return;
        try
        {
            session.Protocol.MidSave(session);
            session.RequireOpenRecords(0);
        }
        catch (Exception e) when (session.Protocol.Number >= _firstGuarded)
        {
            _parsers.OnProtocolFault(session, "MidSave", "the record is made without it", e);
        }
    }

    private void Free(FlowSession session)
    {
        try
        {
            session.Protocol.Free(session);
        }
        catch (Exception e) when (session.Protocol.Number >= _firstGuarded)
        {
            _parsers.OnProtocolFault(session, "Free", "what it kept of the session is given up", e);
        }
        // What it may still hold is no good for another session.
        if (session.ProtocolFailed)
            session.ProtocolState = null;
    }

    /// <summary>Takes back a session that no packet has come into; there is no record of it.</summary>
    private void Discard(FlowSession session)
    {
        _asArkime?.Forget(session);
        _wheel.Remove(session);
        _table.Remove(session);
        _byState[(int)session.State]--;
        Free(session);
        _pool.Return(session);
    }

    /// <summary>Does a plugin's work on a session that it has named.</summary>
    /// <param name="session">The session.</param>
    /// <param name="command">Who wants what.</param>
    /// <param name="close">Whether the session is to end.</param>
    /// <returns>False when it threw.</returns>
    private bool TryWork(FlowSession session, SessionCommand command, out bool close)
    {
        close = false;
        bool wasClosing = session.Closing;
        try
        {
            close = command.Work!(session) == AfterWork.Close;
            session.RequireOpenRecords(0);
        }
        catch (Exception e) when (!_pluginFaults.Stop)
        {
            _parsers.OnFault(session, command.Plugin!, "its work on a session", "it was not finished", open: 0, e);
            return false;
        }
        finally
        {
            // There is no packet whose time it could be from.
            if (session.Closing != wasClosing)
                StartClosing(session, session.LastNowNs);
        }
        return true;
    }
}
