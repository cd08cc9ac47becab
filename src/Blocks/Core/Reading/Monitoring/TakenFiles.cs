using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Core.Reading.Monitoring;

/// <summary>
/// What has been read of which captures, kept on disk: a line for each that is done with, which is added when all its packets are in records that have
/// met their fate. A capture is known by its fingerprint, under whatever name; and by name, size and time, so that it need not be opened to be known.
/// <code>
///   fingerprint (16 hexadecimal digits)  offset before which all was read  size  time of the last change, ns  URI
/// </code>
/// </summary>
internal sealed class TakenFiles : IDisposable
{
    /// <summary>Captures that are remembered at most, by default; the oldest are forgotten first.</summary>
    public const int DefaultMax = 1_000_000;

    private readonly string _path;
    private readonly int _max;
    private readonly FileStream? _alone;
    private FileStream? _lines;
    private readonly int _salt = RandomNumberGenerator.GetInt32(int.MaxValue);
    private readonly Dictionary<ulong, (long UpTo, long Serial)> _captures = [];
    private readonly HashSet<ulong> _names = [];
    private readonly Queue<(ulong Capture, ulong Name, long Serial)> _order = new();
    private long _serial;
    private int _inFile;

    /// <param name="path">The file; it is made where it is missing. Empty: nothing is kept.</param>
    /// <param name="warn">Told of what is wrong with it.</param>
    /// <param name="max">Captures that are remembered.</param>
    /// <exception cref="FlowPipeException">It can't be had, or another run has it.</exception>
    public TakenFiles(string path, Action<string>? warn, int max = DefaultMax)
    {
        _path = path;
        _max = max;
        if (path.Length == 0)
            return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _alone = OpenAlone(path);
            Load(warn);
            _lines = Append();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Dispose();
            throw new FlowPipeException(
                $"which captures have been read can't be kept in {path}: {e.Message}; set reading.monitorStateDir to a folder that can be written to",
                e
            );
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Captures that are known.</summary>
    public int Count => _captures.Count;

    /// <summary>Offset before which a capture has been read; 0 for one that is not known.</summary>
    public long UpTo(string fingerprint) => _captures.TryGetValue(Parse(fingerprint), out (long UpTo, long) known) ? known.UpTo : 0;

    /// <summary>Whether all of a file has been read, as far as its name, size and time tell.</summary>
    public bool IsTaken(string uri, FileStatus status) => _names.Contains(NameOf(uri, status.Size, status.ModifiedNs));

    /// <summary>Keeps in memory how far a capture has been read.</summary>
    public void Note(TakenFile file) => Remember(file);

    /// <summary>Keeps on disk what is done with. Does not fail: what is not kept is read again by the next run, which is said.</summary>
    public void Keep(IReadOnlyList<TakenFile> files, Action<string>? warn)
    {
        if (_path.Length == 0 || files.Count == 0)
            return;
        var text = new StringBuilder();
        foreach (TakenFile file in files)
            text.Append(LineOf(file));
        try
        {
            _lines ??= Append(); // a try before may have failed
            _lines.Write(Encoding.UTF8.GetBytes(text.ToString()));
            _lines.Flush(flushToDisk: true);
            _inFile += files.Count;
            if (_inFile > 2L * _max)
                Shorten();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            warn?.Invoke(
                $"{_path}: it can't be kept which captures have been read ({e.Message}): the next run reads {files.Count} of them again"
            );
        }
    }

    public void Dispose()
    {
        _lines?.Dispose();
        _alone?.Dispose();
    }

    private static string LineOf(TakenFile file) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{file.Fingerprint} {file.UpTo} {file.Status.Size} {(file.IsWhole ? file.Status.ModifiedNs : 0)} {file.Uri}\n"
        );

    private static ulong Parse(string fingerprint) =>
        ulong.TryParse(fingerprint, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value) ? value : 0;

    // Salted: a name that is not kept as it is must not be made to meet another.
    private ulong NameOf(string uri, long size, long modifiedNs)
    {
        Span<long> about = [size, modifiedNs];
        ulong file = XxHash3.HashToUInt64(MemoryMarshal.AsBytes(about), _salt);
        return XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(uri), (long)file);
    }

    private void Remember(TakenFile file)
    {
        ulong capture = Parse(file.Fingerprint);
        ulong name = 0;
        if (file.IsWhole)
            _names.Add(name = NameOf(file.Uri, file.Status.Size, file.Status.ModifiedNs));
        _captures[capture] = (file.UpTo, ++_serial);
        _order.Enqueue((capture, name, _serial));
        while (_order.Count > _max)
        {
            (ulong oldest, ulong oldName, long serial) = _order.Dequeue();
            _names.Remove(oldName);
            if (_captures.TryGetValue(oldest, out (long, long Serial) known) && known.Serial == serial)
                _captures.Remove(oldest);
        }
    }

    private void Load(Action<string>? warn)
    {
        if (!File.Exists(_path))
            return;
        int unreadable = 0;
        foreach (string line in File.ReadLines(_path))
        {
            _inFile++;
            if (TryParse(line) is { } file)
                Remember(file);
            else
                unreadable++;
        }
        if (unreadable > 0)
            warn?.Invoke($"{_path}: {unreadable} lines say nothing that makes sense; the captures that they stood for are read again");
        // Where a machine went down, the last line may be half a line, and nothing must follow it.
        if (unreadable > 0 || !EndsInLine() || _inFile > 2L * _max)
            Shorten();
    }

    private bool EndsInLine()
    {
        using FileStream file = File.OpenRead(_path);
        if (file.Length == 0)
            return true;
        file.Position = file.Length - 1;
        return file.ReadByte() == '\n';
    }

    private static TakenFile? TryParse(string line)
    {
        string[] parts = line.Split(' ');
        if (
            parts.Length != 5
            || parts[0].Length != 16
            || !ulong.TryParse(parts[0], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long upTo)
            || !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            || !long.TryParse(parts[3], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long modifiedNs)
            || !Uri.TryCreate(parts[4], UriKind.Absolute, out _)
        )
            return null;
        return new TakenFile(parts[0], upTo, modifiedNs != 0, parts[4], new FileStatus(FileKind.Regular, default, size, modifiedNs, 0));
    }

    /// <summary>Writes the file anew with what is still remembered, and puts it in the old one's place.</summary>
    private void Shorten()
    {
        _lines?.Dispose();
        _lines = null;
        string next = _path + ".new";
        using (FileStream file = new(next, SinkFile.Private(FileMode.Create, FileAccess.Write, FileShare.None)))
        {
            using var writer = new StreamWriter(file, leaveOpen: true) { NewLine = "\n" };
            int left = Math.Max(0, _inFile - _max);
            _inFile = 0;
            foreach (string line in File.ReadLines(_path))
            {
                if (left-- > 0 || TryParse(line) is null)
                    continue;
                writer.WriteLine(line);
                _inFile++;
            }
            writer.Flush();
            file.Flush(flushToDisk: true);
        }
        File.Move(next, _path, overwrite: true);
        _lines = Append();
    }

    private FileStream Append() => new(_path, SinkFile.Private(FileMode.Append, FileAccess.Write, FileShare.Read));

    /// <summary>A file of its own says who works here: the one with the lines is replaced.</summary>
    private static FileStream OpenAlone(string path)
    {
        string lockPath = path + ".lock";
        try
        {
            return new FileStream(lockPath, SinkFile.Private(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (File.Exists(lockPath))
        {
            throw new FlowPipeException(
                $"another run monitors these folders for the same sinks, node and settings ({path} is its): end that one first, or set reading.monitorStateDir to another folder",
                e
            );
        }
    }
}

/// <summary>How far a file has been read.</summary>
/// <param name="Fingerprint">The capture's.</param>
/// <param name="UpTo">Offset before which all packets have been read.</param>
/// <param name="IsWhole">Whether that is all of the file as it was.</param>
/// <param name="Uri">Where it was.</param>
/// <param name="Status">As it was.</param>
internal sealed record TakenFile(string Fingerprint, long UpTo, bool IsWhole, string Uri, FileStatus Status);
