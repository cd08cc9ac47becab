using System.Diagnostics.CodeAnalysis;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Plugins;

/// <summary>What all keys must have, so that sessions of two protocols are never taken for one.</summary>
internal static class SessionKeys
{
    /// <exception cref="InvalidOperationException">It is no key: a bug of the protocol.</exception>
    public static void Require(in SessionId id, MProtocol protocol)
    {
        if (id.Count is not (SessionId.ShortCount or SessionId.MaxWords) || (byte)id.Words[0] != protocol.Number)
            ThrowNoKey(protocol);
    }

    [DoesNotReturn]
    private static void ThrowNoKey(MProtocol protocol) =>
        throw new InvalidOperationException(
            $"the key of protocol {protocol.Name} must have {SessionId.ShortCount} or {SessionId.MaxWords} words, the first of which begins with the protocol's number"
        );
}
