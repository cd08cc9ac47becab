namespace FlowPipe.Core.Emitting.DeadLetters;

/// <summary>
/// The file that takes what the topic of dead letters does not: a line of JSON each, put behind those that are there. Bounded; made when it is
/// first needed. For one thread.
/// </summary>
internal sealed class DeadLetterFile(DeadLetterSettings settings, Action<string> warn) : IDisposable
{
    private const string Name = "dead-letters.jsonl";
    private FileStream? _file;
    private bool _isToldFull;
    private bool _isTold;

    /// <summary>Whether there is one.</summary>
    public bool IsSet => settings.Dir.Length > 0;

    /// <summary>Where it is.</summary>
    public string FullName => Path.Combine(settings.Dir, Name);

    /// <summary>Writes a line.</summary>
    /// <returns>False when it can't be kept: no file, no room, or the disk's error, which has been said.</returns>
    public bool TryWrite(byte[] line)
    {
        if (!IsSet)
            return false;
        try
        {
            _file ??= Open();
            if (_file.Length + line.Length > settings.MaxBytes)
            {
                TellFull($"it has reached deadLetters.maxBytes ({settings.MaxBytes}); move it away");
                return false;
            }
            long before = _file.Length;
            try
            {
                _file.Write(line);
            }
            catch
            {
                _file.SetLength(before); // half a line must not spoil the next
                throw;
            }
            if (!_isTold)
                warn($"dead letters that the topic does not take are put into {FullName}");
            _isTold = true;
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            TellFull(e.Message);
            return false;
        }
    }

    public void Dispose() => _file?.Dispose();

    private FileStream Open()
    {
        Directory.CreateDirectory(settings.Dir);
        return new FileStream(FullName, SinkFile.Private(FileMode.Append, FileAccess.Write, FileShare.ReadWrite));
    }

    private void TellFull(string why)
    {
        if (!_isToldFull)
            warn($"{FullName}: dead letters can't be written: {why}");
        _isToldFull = true;
    }
}
