using System.Buffers.Binary;
using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Dns;

/// <summary>
/// The messages of a session until its record is made: only then is it known which belong together, because a question may be asked again
/// and answered several times. The layout is in <see cref="DnsMessageGroups"/>.
/// </summary>
internal sealed class DnsMessageLog(DnsRecordWriter writer)
{
    /// <summary>Bytes kept; with more, what is there is written first, and a response after that has a question of its own.</summary>
    private const int Limit = 192 * 1024;

    private readonly StreamBuffer _bytes = new(Limit);
    private int _count;

    /// <summary>Adds a message whose question can be read.</summary>
    public void Add(Session session, ReadOnlySpan<byte> message, in DnsQuestion question, bool isMulticast)
    {
        var header = new DnsHeader(message);
        // Of a query, nothing after the question is looked at again.
        if (!header.IsResponse)
            message = message[..question.End];
        if (_bytes.Length + DnsMessageGroups.Header + message.Length > Limit)
            Write(session, isMulticast);
        Span<byte> prefix = stackalloc byte[DnsMessageGroups.Header];
        BinaryPrimitives.WriteUInt32LittleEndian(prefix, question.Hash(header.Id));
        BinaryPrimitives.WriteUInt16LittleEndian(prefix[4..], (ushort)message.Length);
        if (_bytes.TryAppend(session, prefix) && _bytes.TryAppend(session, message))
            _count++;
    }

    /// <summary>Adds all to the session's record and forgets it.</summary>
    public void Write(Session session, bool isMulticast)
    {
        writer.Write(session, _bytes.Bytes, _count, isMulticast);
        Free(session);
    }

    /// <summary>Forgets all.</summary>
    public void Free(Session session)
    {
        _bytes.Free(session);
        _count = 0;
    }
}
