using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>
/// Reads drop lists. An entry is an address, a network, a port, or one of the first two with a port; the most specific one counts:
/// <code>
///  10.1.2.3   10.0.0.0/8   10.9.0.0/16=allow   2001:db8::/32=drop   :53   10.1.2.3:443   [2001:db8::1]:443   [2001:db8::/32]:53=allow
/// </code>
/// In a file, one a line; what follows # is a comment.
/// </summary>
public static class DropListReader
{
    /// <summary>Entries of all lists together: some 40 MB at most.</summary>
    public const int MostEntries = 1_000_000;

    private const int Ports = 65_536;

    /// <summary>Whether it is an entry.</summary>
    public static bool IsEntry(string text) => TryParse(text, new Entries());

    /// <summary>The lists of the settings and of the files that they name; null when there are none.</summary>
    /// <exception cref="FlowPipeException">A file can't be read, or an entry is none.</exception>
    public static DropLists? Read(PacketSettings settings)
    {
        var entries = new Entries();
        foreach (string text in settings.PacketDropIps)
            Add(text, entries, "packets.packetDropIps");
        foreach (string file in settings.PacketDropIpsFiles)
            ReadFile(file, entries);
        return entries.Count == 0 ? null : entries.ToLists();
    }

    private static void ReadFile(string file, Entries entries)
    {
        try
        {
            int number = 0;
            foreach (string line in File.ReadLines(file))
            {
                number++;
                int comment = line.IndexOf('#', StringComparison.Ordinal);
                string text = (comment < 0 ? line : line[..comment]).Trim();
                if (text.Length > 0)
                    Add(text, entries, $"{file}:{number}");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException($"{file}: the drop list can't be read ({e.Message}): check packets.packetDropIpsFiles", e);
        }
    }

    private static void Add(string text, Entries entries, string where)
    {
        if (!TryParse(text, entries))
            throw new FlowPipeException(
                $"{where}: \"{text}\" is no entry of a drop list; write 10.1.2.3, 10.0.0.0/8=drop, 10.9.0.0/16=allow, :53, 10.1.2.3:443 or [2001:db8::1]:443"
            );
        if (entries.Count > MostEntries)
            throw new FlowPipeException($"{where}: the drop lists have more than {MostEntries} entries; join neighbouring networks");
    }

    private static bool TryParse(string text, Entries entries)
    {
        ReadOnlySpan<char> entry = text.AsSpan().Trim();
        var listed = Listed.Drop;
        int equals = entry.IndexOf('=');
        if (equals >= 0)
        {
            ReadOnlySpan<char> verdict = entry[(equals + 1)..].Trim();
            if (verdict.SequenceEqual("allow"))
                listed = Listed.Allow;
            else if (!verdict.SequenceEqual("drop"))
                return false;
            entry = entry[..equals].Trim();
        }
        int? port = null;
        if (entry is ['[', ..])
        {
            int close = entry.IndexOf(']');
            if (close < 0 || !TryParsePort(entry[(close + 1)..], out port))
                return false;
            entry = entry[1..close];
        }
        else if (entry.Count(':') == 1)
        {
            int colon = entry.IndexOf(':');
            if (!TryParsePort(entry[colon..], out port))
                return false;
            entry = entry[..colon];
            if (entry.IsEmpty)
            {
                entries.Add(new Prefix(IsIPv4: true, 0, 0, listed), port);
                entries.Add(new Prefix(IsIPv4: false, 0, 0, listed), port);
                return true;
            }
        }
        if (!TryParseNetwork(entry, listed, out Prefix prefix))
            return false;
        entries.Add(prefix, port);
        return true;
    }

    /// <summary>A port with its colon.</summary>
    private static bool TryParsePort(ReadOnlySpan<char> text, out int? port)
    {
        port = null;
        if (
            text is not [':', ..]
            || !int.TryParse(text[1..], NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number >= Ports
        )
            return false;
        port = number;
        return true;
    }

    private static bool TryParseNetwork(ReadOnlySpan<char> text, Listed listed, out Prefix prefix)
    {
        prefix = default;
        int slash = text.IndexOf('/');
        ReadOnlySpan<char> host = slash < 0 ? text : text[..slash];
        // The framework also takes 10.1, octal 010.0.0.1 and fe80::1%eth0, none of which a list means.
        if (!IPAddress.TryParse(host, out IPAddress? address) || host.Contains('%') || (!host.Contains(':') && !IsDotted(host)))
            return false;
        bool isIPv4 = address.AddressFamily == AddressFamily.InterNetwork;
        int bits = isIPv4 ? 32 : 128;
        int length = bits;
        if (
            slash >= 0
            && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits)
        )
            return false;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        UInt128 start = isIPv4 ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : BinaryPrimitives.ReadUInt128BigEndian(bytes);
        UInt128 mask = length == 0 ? 0 : (UInt128.MaxValue << (bits - length));
        prefix = new Prefix(isIPv4, start & mask, length, listed);
        return true;
    }

    /// <summary>Four decimal numbers without leading zeros.</summary>
    private static bool IsDotted(ReadOnlySpan<char> host)
    {
        int parts = 0;
        foreach (Range range in host.Split('.'))
        {
            ReadOnlySpan<char> part = host[range];
            if (part.IsEmpty || (part.Length > 1 && part[0] == '0') || part.ContainsAnyExceptInRange('0', '9'))
                return false;
            parts++;
        }
        return parts == 4;
    }

    /// <summary>What has been read so far.</summary>
    private sealed class Entries
    {
        private readonly List<Prefix> _addresses = [];
        private readonly Dictionary<int, List<Prefix>> _ports = [];

        public int Count { get; private set; }

        public void Add(in Prefix prefix, int? port)
        {
            Count++;
            if (port is not { } number)
            {
                _addresses.Add(prefix);
                return;
            }
            if (!_ports.TryGetValue(number, out List<Prefix>? ofPort))
                _ports.Add(number, ofPort = []);
            ofPort.Add(prefix);
        }

        public DropLists ToLists()
        {
            PrefixTable?[]? ports = null;
            if (_ports.Count > 0)
            {
                ports = new PrefixTable?[Ports];
                foreach ((int port, List<Prefix> prefixes) in _ports)
                    ports[port] = new PrefixTable(prefixes);
            }
            return new DropLists(_addresses.Count == 0 ? null : new PrefixTable(_addresses), ports, Count);
        }
    }
}
