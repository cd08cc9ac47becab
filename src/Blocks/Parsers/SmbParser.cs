using FlowPipe.Abstractions;
using FlowPipe.Parsers.Smb;

namespace FlowPipe.Parsers;

/// <summary>
/// SMB 1 (MS-CIFS, MS-SMB) and SMB 2 and 3 (MS-SMB2), over NetBIOS' session service (RFC 1002 section 4.3.1) or in its form directly over TCP.
/// <code>
/// | 0 (1) | length (3) | FF "SMB" … or FE "SMB" … |
/// </code>
/// </summary>
public sealed class SmbPlugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "smb";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new SmbFields(registrar, ArkimeQuirks.AskedFor(registrar));
        ParserKind<SmbParser> kind = registrar.Parser("smb", () => new SmbParser(fields));
        registrar.Tcp(
            "smb",
            5,
            "SMB"u8,
            (session, _, bytes) =>
            {
                if (bytes[4] is not (Smb1.Protocol or Smb2.Protocol))
                    return;
                session.AddProtocol("smb"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Parses messages; long ones, which have files in them, are stepped over.</summary>
internal sealed class SmbParser(SmbFields fields) : MessageParser(HeaderLength + Longest)
{
    private const int HeaderLength = 4;
    private const int Longest = 8 * 1024;
    private readonly Smb1 _smb1 = new(fields);

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _smb1.Reset();
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes) =>
        bytes.Length < HeaderLength ? Incomplete : HeaderLength + ((bytes[1] << 16) | (bytes[2] << 8) | bytes[3]);

    /// <inheritdoc/>
    protected override bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length) => true;

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        message = message[HeaderLength..];
        if (message.Length < HeaderLength || !message[1..].StartsWith("SMB"u8))
            return true;
        if (message[0] == Smb1.Protocol)
            _smb1.Read(session, side, message);
        else if (message[0] == Smb2.Protocol)
            Smb2.Read(fields, session, side, message);
        return true;
    }
}
