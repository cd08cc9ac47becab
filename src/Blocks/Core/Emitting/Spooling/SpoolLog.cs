using System.Globalization;

namespace FlowPipe.Core.Emitting.Spooling;

/// <summary>What became of a message that was given to the spool.</summary>
internal enum SpoolOutcome
{
    /// <summary>It is in the log.</summary>
    Kept,

    /// <summary>There is no room, and by policy it has to wait.</summary>
    Full,

    /// <summary>There is no room, and by policy it is not kept.</summary>
    Evicted,

    /// <summary>It is larger than the spool may be.</summary>
    NeverFits,
}

/// <summary>
/// A bounded, checksummed log in segments: messages are put behind the last one, read in order, and forgotten once they and all before them are
/// acknowledged. An append is a write to the system's page cache, which a process that is killed does not take with it; <see cref="Keep"/>, called
/// once a second, puts it on the disk. Safe for several threads; one reads.
/// </summary>
internal sealed class SpoolLog : IDisposable
{
    /// <summary>A spool that is full stays so for a while: that is said once a minute.</summary>
    private const long FullQuietMs = 60_000;

    /// <summary>How far behind the first open entry may be read: what is acknowledged there is remembered, 16 bytes each.</summary>
    private const int SpanMax = 1_000_000;

    private readonly Lock _lock = new();
    private readonly string _folder;
    private readonly SpoolSettings _settings;
    private readonly TimeProvider _time;
    private readonly Action<string> _warn;
    private readonly List<SpoolSegment> _segments = [];
    private readonly SpoolWindow _window = new();
    private byte[] _buffer = new byte[16 * 1024];
    private SpoolSegment? _tail;
    private SpoolSegment? _reading;
    private SegmentScanner? _scanner;
    private long _readRecords; // of the segment that is read
    private long _next;
    private long _nextRead;
    private long _savedCursor;
    private long _bytes;
    private long _unreadRecords;
    private long _fullToldMs = -FullQuietMs;
    private bool _cursorFails;
    private bool _isDisposed;
    private readonly List<SpoolSegment> _unsynced = [];

    /// <summary>Opens the log in a directory that this process has to itself.</summary>
    /// <param name="folder">The directory.</param>
    /// <param name="settings">Its limits.</param>
    /// <param name="warn">Where it says what it has met with.</param>
    /// <param name="time">What time it is.</param>
    /// <exception cref="FlowPipeException">It can't be read.</exception>
    public SpoolLog(string folder, SpoolSettings settings, Action<string> warn, TimeProvider? time = null)
    {
        _folder = folder;
        _settings = settings;
        _warn = warn;
        _time = time ?? TimeProvider.System;
        try
        {
            Recover();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw new FlowPipeException($"spool {folder}: it can't be opened: {e.Message}", e);
        }
        FirstOwn = _next;
    }

    /// <summary>Entries before this number were here when it was opened.</summary>
    public long FirstOwn { get; }

    /// <summary>Told when records had to give way, or were lost to damage: how many, whether they were here when the log was opened, and why.</summary>
    public Action<long, bool, SpoolLoss>? OnLost { get; set; }

    /// <summary>Whether there are entries that have not been read.</summary>
    public bool HasUnread => Volatile.Read(ref _unreadRecords) > 0;

    /// <summary>Whether all that was put in has been acknowledged.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _window.IsEmpty && _nextRead >= _next;
        }
    }

    /// <summary>Entries that are not acknowledged.</summary>
    public long Entries
    {
        get
        {
            lock (_lock)
                return _next - Acknowledged;
        }
    }

    /// <summary>Records that have not been read.</summary>
    public long UnreadRecords => Volatile.Read(ref _unreadRecords);

    /// <summary>Bytes of all segments.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    private long Acknowledged => _window.First ?? _nextRead;

    /// <summary>Puts a message behind the last one.</summary>
    public SpoolOutcome TryAppend(OutgoingMessage message)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return SpoolOutcome.Full; // somebody else may have the directory now
            int length = SpoolEntry.Write(message, _next, _time.GetUtcNow().ToUnixTimeMilliseconds(), ref _buffer);
            if (length + SpoolSegment.HeaderLength > _settings.MaxBytes || length - SpoolEntry.PrefixLength > SpoolEntry.BodyMax)
                return SpoolOutcome.NeverFits;
            while (_bytes + length + SpoolSegment.HeaderLength > _settings.MaxBytes)
            {
                TellFull($"it has reached spool.maxBytes ({_settings.MaxBytes})");
                if (!MakeRoom(out SpoolOutcome outcome))
                    return outcome;
            }
            while (!Append(_buffer.AsSpan(0, length), message.Records))
            {
                if (!MakeRoom(out SpoolOutcome outcome))
                    return outcome;
            }
            _next++;
            Volatile.Write(ref _unreadRecords, _unreadRecords + message.Records);
            return SpoolOutcome.Kept;
        }
    }

    /// <summary>Reads the next entry, which is then on its way until it is acknowledged.</summary>
    /// <param name="into">Filled in.</param>
    /// <param name="most">Entries that may be on their way.</param>
    /// <returns>False when there is none, or enough are.</returns>
    public bool TryRead(OutgoingMessage into, int most)
    {
        lock (_lock)
        {
            while (_window.Open < most && _window.Span < SpanMax && _nextRead < _next)
            {
                if (_reading is null && !Begin())
                    return false;
                if (!_scanner!.Next(_reading!.Length))
                {
                    EndReading();
                    continue;
                }
                long sequence = SpoolEntry.SequenceOf(_scanner.Body);
                int records = SpoolEntry.RecordsOf(_scanner.Body);
                if (sequence < _nextRead)
                {
                    _readRecords += records;
                    continue; // drained by an earlier run
                }
                if (!SpoolEntry.TryRead(_scanner.Body, into))
                    continue; // counted as lost at the segment's end
                _readRecords += records;
                into.IsOfEarlierRun = sequence < FirstOwn;
                _nextRead = sequence + 1;
                _window.Add(sequence);
                Volatile.Write(ref _unreadRecords, _unreadRecords - records);
                if (_nextRead >= _reading.End)
                    LoseUnread(_reading);
                return true;
            }
            return false;
        }
    }

    /// <summary>An entry has met its fate. Any order will do.</summary>
    public void Acknowledge(long sequence)
    {
        lock (_lock)
        {
            _window.Remove(sequence);
            long acknowledged = Acknowledged;
            while (_segments.Count > 0 && _segments[0].Entries > 0 && _segments[0].End <= acknowledged)
                Forget(_segments[0]);
        }
    }

    /// <summary>Puts on the disk what was appended, and says there what has been acknowledged. Blocks until that is done.</summary>
    public void Keep()
    {
        SpoolSegment[] unsynced;
        long acknowledged;
        lock (_lock)
        {
            unsynced = [.. _unsynced];
            _unsynced.Clear();
            acknowledged = Acknowledged;
        }
        foreach (SpoolSegment segment in unsynced)
            Sync(segment);
        if (acknowledged != _savedCursor)
            SaveCursor(acknowledged);
    }

    public void Dispose()
    {
        if (_savedCursor >= 0)
            Keep();
        lock (_lock)
        {
            _isDisposed = true;
            _tail?.Seal();
            foreach (SpoolSegment segment in _segments)
                segment.Dispose();
            _segments.Clear();
            _tail = null;
        }
    }

    // Outside of the lock: appends go on meanwhile.
    private void Sync(SpoolSegment segment)
    {
        try
        {
            segment.Sync();
        }
        catch (ObjectDisposedException)
        {
            // It is done with meanwhile.
        }
        catch (IOException e)
        {
            _warn($"spool {_folder}: the system can't put it on the disk: {e.Message}");
        }
    }

    private void SaveCursor(long acknowledged)
    {
        try
        {
            SpoolCursor.Write(_folder, acknowledged);
            _savedCursor = acknowledged;
            _cursorFails = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_cursorFails)
                _warn($"spool {_folder}: what has been drained can't be noted ({e.Message}); after a crash it would be sent again");
            _cursorFails = true;
        }
    }

    private void Recover()
    {
        _savedCursor = -1;
        string[] files = Directory.GetFiles(_folder, "*" + SpoolSegment.Extension);
        Array.Sort(files, StringComparer.Ordinal);
        long cursor = SpoolCursor.Read(_folder) ?? 0;
        for (int i = 0; i < files.Length; i++)
        {
            if (SpoolSegment.Open(files[i], forWriting: true) is not { } segment)
                continue;
            if (!segment.IsSealed)
                SpoolRecovery.Count(segment, isLast: i == files.Length - 1, _warn);
            if (segment.Entries == 0)
            {
                segment.Delete();
                continue;
            }
            _segments.Add(segment);
            _bytes += segment.Length;
            _next = Math.Max(_next, segment.End);
        }
        _next = Math.Max(_next, cursor);
        while (_segments.Count > 0 && _segments[0].End <= cursor)
            Forget(_segments[0]);
        _nextRead = Math.Max(cursor, _segments.Count > 0 ? _segments[0].First : _next);
        foreach (SpoolSegment segment in _segments)
            _unreadRecords += segment.Records;
        if (_segments.Count > 0 && _segments[0].First < cursor)
            _unreadRecords -= SpoolRecovery.RecordsBefore(_segments[0], cursor);
        _savedCursor = cursor;
    }

    private bool Append(ReadOnlySpan<byte> entry, int records)
    {
        try
        {
            if (_tail is not null && _tail.Entries > 0 && _tail.Length + entry.Length > _settings.SegmentLimit)
                SealTail();
            if (_tail is null)
            {
                _tail = SpoolSegment.Create(_folder, _next, _time.GetUtcNow().ToUnixTimeMilliseconds());
                _segments.Add(_tail);
                _bytes += _tail.Length;
            }
            _tail.Append(entry, records);
            _bytes += entry.Length;
            if (!_unsynced.Contains(_tail))
                _unsynced.Add(_tail);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TellFull(e.Message);
            return false;
        }
    }

    /// <summary>By policy: takes the oldest segment away, or says what becomes of the message.</summary>
    private bool MakeRoom(out SpoolOutcome outcome)
    {
        outcome = _settings.OnFull == SpoolOnFull.Wait ? SpoolOutcome.Full : SpoolOutcome.Evicted;
        if (_settings.OnFull != SpoolOnFull.DropOldest || _segments.Count == 0 || _segments[0].Entries == 0)
            return false;
        SpoolSegment oldest = _segments[0];
        long read =
            oldest == _reading ? _readRecords
            : oldest.End <= _nextRead ? oldest.Records
            : 0;
        if (oldest == _tail)
            SealTail();
        Lose(oldest, oldest.Records - read, SpoolLoss.Evicted);
        _nextRead = Math.Max(_nextRead, oldest.End);
        Forget(oldest);
        return true;
    }

    /// <summary>The segment that has the next entry to read.</summary>
    private bool Begin()
    {
        foreach (SpoolSegment segment in _segments)
        {
            if (segment.End <= _nextRead)
                continue;
            _reading = segment;
            _scanner = new SegmentScanner(segment);
            _readRecords = 0;
            return true;
        }
        return false;
    }

    /// <summary>There is no entry more in the segment: those that there should be are lost.</summary>
    private void EndReading()
    {
        SpoolSegment segment = _reading!;
        _nextRead = Math.Max(_nextRead, segment.End);
        LoseUnread(segment);
        _reading = null;
        _scanner = null;
        if (segment == _tail)
            SealTail();
    }

    /// <summary>All that could be read of a segment has been: what is missing is lost.</summary>
    private void LoseUnread(SpoolSegment segment)
    {
        Lose(segment, segment.Records - _readRecords, SpoolLoss.Damaged);
        _readRecords = segment.Records;
    }

    private void Lose(SpoolSegment segment, long records, SpoolLoss loss)
    {
        if (records <= 0)
            return;
        Volatile.Write(ref _unreadRecords, _unreadRecords - records);
        bool isEarlier = segment.First < FirstOwn;
        if (loss == SpoolLoss.Damaged)
            _warn($"spool {segment.Path}: it is damaged: {records} records of it can't be read");
        OnLost?.Invoke(records, isEarlier, loss);
    }

    private void SealTail()
    {
        _tail?.Seal();
        _tail = null;
    }

    private void Forget(SpoolSegment segment)
    {
        _segments.Remove(segment);
        _bytes -= segment.Length;
        if (segment == _tail)
            _tail = null;
        if (segment == _reading)
        {
            _reading = null;
            _scanner = null;
        }
        segment.Delete();
    }

    private void TellFull(string why)
    {
        long now = Environment.TickCount64;
        if (now - _fullToldMs < FullQuietMs)
            return;
        _fullToldMs = now;
        string what = _settings.OnFull switch
        {
            SpoolOnFull.DropOldest => "the oldest records give way (spool.onFull: dropOldest)",
            SpoolOnFull.DropNewest => "records that come now are dropped (spool.onFull: dropNewest)",
            _ => "records wait (spool.onFull: wait)",
        };
        _warn(string.Create(CultureInfo.InvariantCulture, $"spool {_folder}: there is no room: {why}; {what}"));
    }
}

/// <summary>Why records that were in the spool are not any more.</summary>
internal enum SpoolLoss
{
    /// <summary>Newer ones needed the room.</summary>
    Evicted,

    /// <summary>The disk gave something else back than was written.</summary>
    Damaged,
}
