using System.Globalization;

namespace FlowPipe.Core.Privileges;

/// <summary>What the kernel says a thread may do, read from its <c>status</c> in <c>/proc</c>.</summary>
internal sealed record ThreadRights
{
    /// <summary>Real, effective, saved and file system's user.</summary>
    public string Users { get; private set; } = "";

    /// <summary>The same of groups.</summary>
    public string Groups { get; private set; } = "";

    /// <summary>Further groups.</summary>
    public string FurtherGroups { get; private set; } = "";

    /// <summary>Capabilities that it has or could get: inheritable, permitted, effective, ambient, as one set.</summary>
    public ulong Capabilities { get; private set; }

    /// <summary>Whether programs that it starts get no more than it has.</summary>
    public bool NoNewPrivileges { get; private set; }

    /// <summary>Reads a text such as <c>/proc/self/task/1/status</c>.</summary>
    public static ThreadRights Parse(string status)
    {
        var rights = new ThreadRights();
        foreach (string line in status.Split('\n'))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0)
                continue;
            string value = line[(colon + 1)..].Trim();
            switch (line[..colon])
            {
                case "Uid":
                    rights.Users = value;
                    break;
                case "Gid":
                    rights.Groups = value;
                    break;
                case "Groups":
                    rights.FurtherGroups = value;
                    break;
                case "CapInh" or "CapPrm" or "CapEff" or "CapAmb":
                    rights.Capabilities |= ulong.Parse(value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                    break;
                case "NoNewPrivs":
                    rights.NoNewPrivileges = value == "1";
                    break;
                default:
                    break;
            }
        }
        return rights;
    }

    /// <summary>Those of all threads of this process; one that ends meanwhile is left out.</summary>
    public static IReadOnlyList<ThreadRights> OfAll()
    {
        var all = new List<ThreadRights>();
        foreach (string thread in Directory.EnumerateDirectories("/proc/self/task"))
        {
            try
            {
                all.Add(Parse(File.ReadAllText(Path.Combine(thread, "status"))));
            }
            catch (IOException)
            {
                // it has ended
            }
        }
        return all;
    }

    /// <summary>What it has that a thread of this user and group should not have; null when nothing.</summary>
    public string? Surplus(uint user, uint group)
    {
        string users = string.Create(CultureInfo.InvariantCulture, $"{user}\t{user}\t{user}\t{user}");
        string groups = string.Create(CultureInfo.InvariantCulture, $"{group}\t{group}\t{group}\t{group}");
        return Users != users ? $"users {Users.Replace('\t', ' ')}"
            : Groups != groups ? $"groups {Groups.Replace('\t', ' ')}"
            : FurtherGroups.Length > 0 ? $"further groups {FurtherGroups}"
            : Capabilities != 0 ? string.Create(CultureInfo.InvariantCulture, $"capabilities {Capabilities:x}")
            : !NoNewPrivileges ? "a way to new privileges"
            : null;
    }
}
