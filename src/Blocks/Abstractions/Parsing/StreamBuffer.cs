namespace FlowPipe.Abstractions;

/// <summary>
/// What a parser keeps of one side's stream between two calls, for messages that several segments carry. Its memory is pooled, counted and
/// bounded; in the usual case, where a message ends with its segment, nothing is copied.
/// <code>
/// ReadOnlySpan&lt;byte&gt; all = _client.Join(session, data.Bytes);      // what was kept, then what is new
/// int used = …;                                                  // parse the whole messages in it
/// if (!_client.Keep(session, all[used..])) return Parsed.Unregister; // a message longer than the limit
/// </code>
/// </summary>
/// <param name="limit">Bytes that it keeps at most; up to 1 MiB less one segment.</param>
public sealed class StreamBuffer(int limit)
{
    private byte[]? _bytes;

    /// <summary>Bytes kept.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that it keeps at most.</summary>
    public int Limit => limit;

    /// <summary>What is kept.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>
    /// What was kept followed by what is new; valid until the next call. The new bytes themselves where nothing was kept. What does not fit
    /// into the pool's largest array is left out at the end, which <see cref="Keep"/> then refuses.
    /// </summary>
    public ReadOnlySpan<byte> Join(Session session, ReadOnlySpan<byte> bytes)
    {
        if (Length == 0)
            return bytes;
        int fits = Math.Min(bytes.Length, session.Pool.LargestArray - Length);
        Reserve(session.Pool, Length + fits);
        bytes[..fits].CopyTo(_bytes.AsSpan(Length));
        Length += fits;
        return _bytes.AsSpan(0, Length);
    }

    /// <summary>Keeps the rest of what <see cref="Join"/> gave, and only that; an empty rest gives the memory back.</summary>
    /// <returns>False when it is longer than the limit: nothing is kept then.</returns>
    public bool Keep(Session session, ReadOnlySpan<byte> rest)
    {
        if (rest.Length == 0 || rest.Length > limit)
        {
            Free(session);
            return rest.Length == 0;
        }
        // The rest may lie in this very array: then it is shorter than the array, which stays, and the copy is made as if at once.
        if (_bytes is null || _bytes.Length < rest.Length)
            Replace(session.Pool, rest);
        else
            rest.CopyTo(_bytes);
        Length = rest.Length;
        return true;
    }

    /// <summary>Adds to what is kept.</summary>
    /// <returns>False when that would be longer than the limit: what was kept stays as it was.</returns>
    public bool TryAppend(Session session, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > limit - Length)
            return false;
        Reserve(session.Pool, Length + bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
        return true;
    }

    /// <summary>Forgets all and gives the memory back; to be called in <see cref="SessionParser.Free"/>.</summary>
    public void Free(Session session)
    {
        if (_bytes is not null)
            session.Pool.Return(_bytes);
        _bytes = null;
        Length = 0;
    }

    private void Reserve(IBytePool pool, int bytes)
    {
        if (_bytes is not null && _bytes.Length >= bytes)
            return;
        byte[] larger = pool.Rent(bytes);
        Bytes.CopyTo(larger);
        if (_bytes is not null)
            pool.Return(_bytes);
        _bytes = larger;
    }

    private void Replace(IBytePool pool, ReadOnlySpan<byte> bytes)
    {
        byte[] larger = pool.Rent(bytes.Length);
        bytes.CopyTo(larger);
        if (_bytes is not null)
            pool.Return(_bytes);
        _bytes = larger;
    }
}
