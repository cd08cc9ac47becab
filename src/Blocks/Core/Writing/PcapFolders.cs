using System.Globalization;
using System.Security.Cryptography;
using FlowPipe.Abstractions;

namespace FlowPipe.Core.Writing;

/// <summary>
/// Names the files of a run and chooses their folders, for all partitions: a name says the node, when the run began and the file's number in it, so names
/// sort by time and no two runs have the same.
/// </summary>
internal sealed class PcapFolders
{
    private readonly WriterSettings _settings;
    private readonly string[] _folders;
    private readonly bool[] _failing;
    private readonly string _run;
    private readonly Lock _gate = new();
    private volatile int _healthy;
    private int _number;
    private int _last = -1;

    public PcapFolders(WriterSettings settings)
    {
        _settings = settings;
        _folders = [.. settings.PcapDir];
        for (int folder = 0; folder < _folders.Length; folder++)
            _folders[folder] = Path.GetFullPath(_folders[folder]);
        _failing = new bool[_folders.Length];
        _healthy = _folders.Length;
        string began = WallClock.Now.ToString("yyMMdd-HHmmss", CultureInfo.InvariantCulture);
        Prefix = NamePart(settings.Node) + "-";
        _run = $"{Prefix}{began}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(2))}";
        Ending = settings.SimpleCompression == WriterSettings.Zstd ? ".pcap.zst" : ".pcap";
    }

    /// <summary>What the names of this node's files begin with.</summary>
    public string Prefix { get; }

    /// <summary>What they end with.</summary>
    public string Ending { get; }

    public int Count => _folders.Length;

    public string this[int folder] => _folders[folder];

    /// <summary>Whether there is a folder that takes files.</summary>
    public bool AnyIsHealthy => _healthy > 0;

    public bool IsFailing(int folder)
    {
        lock (_gate)
            return _failing[folder];
    }

    /// <summary>Notes that the disk of a folder refuses, or takes files again.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Note(int folder, bool failing)
    {
        lock (_gate)
        {
            if (_failing[folder] == failing)
                return false;
            _failing[folder] = failing;
            _healthy += failing ? -1 : 1;
            return true;
        }
    }

    /// <summary>A new file; null when no folder takes one.</summary>
    public PcapFile? Next(ushort linkType)
    {
        lock (_gate)
        {
            int folder = Choose();
            if (folder < 0)
                return null;
            _last = folder;
            string id = $"{_run}-{++_number:d4}";
            string fullName = Path.Combine(_folders[folder], id + Ending);
            return new PcapFile(id, fullName, folder, linkType, new PacketSource(_number, id, new Uri(fullName).AbsoluteUri));
        }
    }

    private int Choose()
    {
        // Where all refuse, a run that waits for its disk goes on with any.
        bool any = _healthy == 0 && !_settings.IsLive;
        int best = -1;
        long most = -1;
        for (int i = 1; i <= _folders.Length; i++)
        {
            int folder = (_last + i) % _folders.Length;
            if (_failing[folder] && !any)
                continue;
            if (_settings.PcapDirAlgorithm == WriterSettings.RoundRobin)
                return folder;
            long free = FreeBytes(folder);
            if (free > most)
                (best, most) = (folder, free);
        }
        return best;
    }

    /// <summary>Bytes that may still be written there; 0 when nobody knows.</summary>
    public long FreeBytes(int folder)
    {
        try
        {
            return new DriveInfo(_folders[folder]).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    // A node may have any name; a file's must not lead elsewhere.
    private static string NamePart(string node)
    {
        char[] name = node.ToCharArray();
        for (int i = 0; i < name.Length; i++)
        {
            if (!char.IsAsciiLetterOrDigit(name[i]) && name[i] is not ('.' or '_' or '-'))
                name[i] = '_';
        }
        return name.Length == 0 || name[0] == '.' ? "_" + new string(name) : new string(name);
    }
}
