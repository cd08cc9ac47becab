namespace FlowPipe.Core.Reading.Live;

/// <summary>One interface as it was asked for: <c>eth0</c>, or <c>eth0=tcp port 443</c> with a filter of its own.</summary>
/// <param name="Name">The system's name of it.</param>
/// <param name="Bpf">Its filter; null for the one that holds for all.</param>
public sealed record CaptureInterface(string Name, string? Bpf)
{
    /// <summary>Reads what a user wrote. A name can't hold the sign: the kernel allows it, nobody does it.</summary>
    public static CaptureInterface Parse(string text)
    {
        int at = text.IndexOf('=', StringComparison.Ordinal);
        return at < 0 ? new CaptureInterface(text, null) : new CaptureInterface(text[..at], text[(at + 1)..]);
    }

    /// <summary>Whether it can be one.</summary>
    public static bool IsValid(string text) =>
        Parse(text) is { Name.Length: > 0 and < 16 } parsed && !parsed.Name.Contains('/', StringComparison.Ordinal);
}
