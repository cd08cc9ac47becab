namespace FlowPipe.Parsers.Tls;

/// <summary>Values that stand for nothing, so that the other side learns to skip what it does not know (RFC 8701).</summary>
internal static class Grease
{
    /// <summary>0A0A, 1A1A, … FAFA.</summary>
    public static bool IsGrease(int value) => (value & 0x0F0F) == 0x0A0A && (value >> 8) == (value & 0xFF);
}
