using System.Globalization;
using System.Security.Cryptography;

namespace FlowPipe.Core.Reading;

/// <summary>What tells the files of a replay from others before they are read: path, length, and the hash of their beginning.</summary>
public static class CaptureIdentity
{
    private const int BeginningBytes = 64 * 1024;

    /// <summary>A line for each file that the inputs mean, in the order in which they are read.</summary>
    /// <exception cref="FlowPipeException">An input is wrong, or can be read only once.</exception>
    public static IReadOnlyList<string> Of(FileReaderSettings settings)
    {
        var lines = new List<string>();
        foreach (CaptureFile file in CaptureInputs.Resolve(settings with { Warn = null }, static _ => { }))
        {
            if (!file.IsRegular)
                throw new FlowPipeException(
                    $"{file.Name} can be read only once, and --exactly-once must be able to read it again: give it a file"
                );
            using FileStream stream = File.OpenRead(file.Path);
            byte[] beginning = new byte[BeginningBytes];
            int length = stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
            string hash = Convert.ToHexStringLower(SHA256.HashData(beginning.AsSpan(0, length)));
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"{Path.GetFullPath(file.Path)}, {stream.Length} bytes, {hash[..16]}"));
        }
        return lines;
    }
}
