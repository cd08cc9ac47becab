namespace FlowPipe.Abstractions;

/// <summary>What a packet was read from; named by record ids and positions.</summary>
/// <param name="Number">Its place among the sources of the run, from 0.</param>
/// <param name="Fingerprint">Hash of its header and first packet, decompressed: the same under any path. Lower-case hexadecimal, 16 digits.</param>
/// <param name="Uri">Where it was found: a file URI, or the name of an interface.</param>
public sealed record PacketSource(int Number, string Fingerprint, string Uri)
{
    private readonly byte[] _fingerprintUtf8 = System.Text.Encoding.UTF8.GetBytes(Fingerprint);

    /// <summary>The fingerprint as UTF-8: every record id is made with it.</summary>
    public ReadOnlySpan<byte> FingerprintUtf8 => _fingerprintUtf8;
}
