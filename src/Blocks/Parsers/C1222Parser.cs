using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// ANSI C12.22 (IEEE 1703), which meters speak: messages of ACSE in BER over TCP and UDP.
/// <code>
/// [APPLICATION 0] { [2] called title, [4] called invocation id, [6] calling title, [8] calling invocation id, [30] information, … }
/// title: { OBJECT IDENTIFIER, or [0] relative to 2.16.124.113620.1.22.0 }      id: { INTEGER }
/// information: EXTERNAL 28 { 81 EPSEM }      EPSEM: | … security (2 bits) response (2 bits) | …
/// </code>
/// </summary>
public sealed class C1222Plugin : IFlowPipePlugin
{
    /// <inheritdoc/>
    public string Name => "c1222";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new C1222Fields(registrar);
        ParserKind<C1222Parser> kind = registrar.Parser("c1222", () => new C1222Parser(fields));
        registrar.Tcp(
            "c1222",
            0,
            [C1222Parser.Message],
            (session, _, bytes) =>
            {
                if (!C1222Parser.IsMessage(bytes))
                    return;
                session.AddProtocol("c1222"u8);
                session.Add(kind);
            }
        );
    }
}

/// <summary>Handles of its fields.</summary>
internal sealed class C1222Fields(IRegistrar registrar)
{
    public SpiField CalledTitle { get; } = registrar.Field("c1222.calledApTitle");
    public SpiField CallingTitle { get; } = registrar.Field("c1222.callingApTitle");
    public SpiField CalledId { get; } = registrar.Field("c1222.calledApInvocationId");
    public SpiField CallingId { get; } = registrar.Field("c1222.callingApInvocationId");
    public SpiField SecurityMode { get; } = registrar.Field("c1222.securityMode");
    public SpiField ResponseControl { get; } = registrar.Field("c1222.responseControl");
}

/// <summary>Parses messages.</summary>
internal sealed class C1222Parser(C1222Fields fields) : MessageParser(Longest)
{
    public const byte Message = 0x60;
    private const int Longest = 16 * 1024;
    private const int LongestTitle = 256;
    private const int CalledTitle = 2;
    private const int CalledId = 4;
    private const int CallingTitle = 6;
    private const int CallingId = 8;
    private const int Information = 30;

    /// <summary>Whether a message begins here, with what one begins with.</summary>
    public static bool IsMessage(ReadOnlySpan<byte> bytes)
    {
        var outer = new BerReader(bytes, cut: true);
        if (bytes.Length < 6 || !outer.TryRead(Message, out BerElement message))
            return false;
        var inner = new BerReader(message.Content, cut: true);
        return inner.TryRead(out BerElement first) && first.Class == 2 && first.Number is CalledTitle or CalledId or CallingTitle;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes) => bytes[0] == Message ? BerMessages.Measure(bytes) : Malformed;

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        var outer = new BerReader(message);
        if (!outer.TryRead(Message, out BerElement whole))
            return false;
        SpiFields values = session.Fields;
        BerReader elements = whole.Elements;
        while (elements.TryRead(out BerElement element))
        {
            switch (element.Number)
            {
                case CalledTitle:
                    AddTitle(values, fields.CalledTitle, element);
                    break;
                case CalledId:
                    AddId(values, fields.CalledId, element);
                    break;
                case CallingTitle:
                    AddTitle(values, fields.CallingTitle, element);
                    break;
                case CallingId:
                    AddId(values, fields.CallingId, element);
                    break;
                case Information:
                    AddModes(values, element);
                    break;
            }
        }
        return true;
    }

    private static void AddTitle(SpiFields values, SpiField field, BerElement element)
    {
        Span<byte> text = stackalloc byte[LongestTitle];
        if (element.Elements.TryRead(0x06, out BerElement title) && title.WriteObjectIdentifier(text) is > 0 and var length)
            values.Add(field, text[..length]);
    }

    private static void AddId(SpiFields values, SpiField field, BerElement element)
    {
        if (element.Elements.TryRead(0x02, out BerElement number) && number.TryGetInteger(out long id) && id >= 0)
            values.Add(field, id);
    }

    private void AddModes(SpiFields values, BerElement element)
    {
        if (!element.Elements.TryRead(out BerElement external) || !external.Elements.TryRead(out BerElement epsem) || epsem.Content.IsEmpty)
            return;
        int flags = epsem.Content[0];
        values.Add(
            fields.SecurityMode,
            ((flags >> 2) & 3) switch
            {
                0 => "cleartext"u8,
                1 => "cleartext-with-auth"u8,
                2 => "ciphertext-with-auth"u8,
                _ => "unknown"u8,
            }
        );
        values.Add(
            fields.ResponseControl,
            (flags & 3) switch
            {
                0 => "always"u8,
                1 => "on-exception"u8,
                2 => "never"u8,
                _ => "unknown"u8,
            }
        );
    }
}
