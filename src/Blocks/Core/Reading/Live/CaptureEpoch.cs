using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace FlowPipe.Core.Reading.Live;

/// <summary>
/// The number of a capture on this machine, kept on disk: with interface, ring and the packet's number in it, it makes the ids of live records unique
/// (DESIGN section 7). It grows with every start, and is never below the seconds since 1970, so that even a lost disk does not repeat it.
/// </summary>
public static class CaptureEpoch
{
    private const string FileName = "capture-epoch";

    /// <summary>Takes the next one.</summary>
    /// <param name="directory">Where it is kept; made where it is missing.</param>
    /// <exception cref="FlowPipeException">It can't be kept there.</exception>
    public static long Next(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            Directory.CreateDirectory(directory);
            // one at a time: two captures that start together must not get the same
            using FileStream file = OpenAlone(path);
            Span<byte> text = stackalloc byte[32];
            int read = file.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            _ = long.TryParse(text[..read], NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long last);
            long next = Math.Max(last + 1, WallClock.NowNs / 1_000_000_000);
            file.Position = 0;
            file.Write(Encoding.ASCII.GetBytes(next.ToString("D19", CultureInfo.InvariantCulture) + "\n"));
            file.Flush(flushToDisk: true);
            return next;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FlowPipeException(
                $"the number of this capture, of which the records' ids are made, can't be kept in {path}: {e.Message}; set capture.stateDir to a folder that can be written to",
                e
            );
        }
    }

    /// <summary>What the packets of a ring are said to come from, as files have their fingerprint.</summary>
    public static string Fingerprint(long epoch, string name, int ring)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"live\0{epoch}\0{name}\0{ring}"));
        return Convert.ToHexStringLower(hash.AsSpan(0, 8));
    }

    /// <summary>Where it is kept unless said otherwise: what systemd gives a service, the system's place for root, the user's own for others.</summary>
    public static string DefaultDirectory()
    {
        if (Environment.GetEnvironmentVariable("STATE_DIRECTORY") is { Length: > 0 } given)
            return given.Split(':')[0];
        if (Environment.IsPrivilegedProcess)
            return "/var/lib/flowpipe";
        string home = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(home, "flowpipe");
    }

    private static FileStream OpenAlone(string path)
    {
        for (int tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (tries < 100 && File.Exists(path))
            {
                Thread.Sleep(10);
            }
        }
    }
}
