using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Telephony;

/// <summary>
/// TCAP (ITU-T Q.773), in BER, and which application speaks: by the application context's object identifier in the dialogue portion.
/// <code>
/// begin 62, end 64, continue 65, abort 67: { transaction ids, [APPLICATION 11] 6B dialogue, [APPLICATION 12] 6C components }
/// dialogue:  EXTERNAL { OBJECT IDENTIFIER, [0] { AARQ 60 | AARE 61 { [0] version, [1] { application context OBJECT IDENTIFIER }, … } } }
/// component: invoke A1 { id INTEGER, [0] linked id, operation INTEGER, parameter } | result A2 { id INTEGER, SEQUENCE { operation INTEGER, parameter } }
/// </code>
/// </summary>
internal sealed class Tcap(IRegistrar registrar)
{
    private const int MostComponents = 64;
    private const byte Dialogue = 0x6B;
    private const byte Components = 0x6C;
    private const byte Invoke = 0xA1;
    private const byte Result = 0xA2;
    private const byte Integer = 0x02;
    private const byte Sequence = 0x30;
    private readonly SpiField _operation = registrar.Field("tcap.opcode");
    private readonly Camel _camel = new(registrar);

    // CAP of phases 1 to 4: { itu-t(0) identified-organization(4) etsi(0) mobileDomain(0) … } (3GPP TS 29.078 and before it)
    // as elements: tag, length, content
    private static readonly byte[][] CamelContexts =
    [
        [6, 7, 4, 0, 0, 1, 0, 50, 0],
        [6, 7, 4, 0, 0, 1, 0, 50, 1],
        [6, 7, 4, 0, 0, 1, 21, 3, 4],
        [6, 7, 4, 0, 0, 1, 23, 3, 4],
    ];

    public void Read(Session session, ReadOnlySpan<byte> message)
    {
        var outer = new BerReader(message, cut: true);
        if (!outer.TryRead(out BerElement transaction) || transaction.Identifier is not (0x62 or 0x64 or 0x65))
            return;
        bool isCamel = false;
        var parts = new BerReader(transaction.Content, cut: true);
        while (parts.TryRead(out BerElement part))
        {
            if (part.Identifier == Dialogue)
                isCamel = IsCamel(part);
            else if (part.Identifier == Components && isCamel)
                ReadComponents(session, new BerReader(part.Content, cut: true));
        }
    }

    /// <summary>Whether the application context is one of CAP's.</summary>
    private static bool IsCamel(BerElement dialogue)
    {
        // It is the only object identifier there that begins with 4, so its place in what encloses it need not be told apart.
        foreach (byte[] context in CamelContexts)
        {
            if (dialogue.Content.IndexOf(context) >= 0)
                return true;
        }
        return false;
    }

    private void ReadComponents(Session session, BerReader components)
    {
        for (int i = 0; i < MostComponents && components.TryRead(out BerElement component); i++)
        {
            if (component.Identifier is not (Invoke or Result))
                continue;
            var elements = new BerReader(component.Content, cut: true);
            if (!elements.TryRead(Integer, out _))
                continue;
            // The operation of a result stands in a sequence of its own, and what it returns has no numbers of telephones.
            if (component.Identifier == Invoke)
                ReadInvoke(session, elements);
            else if (elements.TryRead(Sequence, out BerElement result) && result.Elements.TryRead(Integer, out BerElement operation))
                AddOperation(session, operation);
        }
    }

    private void ReadInvoke(Session session, BerReader elements)
    {
        long operation = -1;
        while (elements.TryRead(out BerElement element))
        {
            if (element.Identifier == Integer)
                operation = AddOperation(session, element);
            else if (element.Identifier == Sequence)
                _camel.Read(session.Fields, operation, new BerReader(element.Content, cut: true));
        }
    }

    private long AddOperation(Session session, BerElement number)
    {
        if (number.Content.Length is 0 or > 2 || !number.TryGetInteger(out long operation))
            return -1;
        session.AddProtocol("camel"u8);
        session.Fields.Add(_operation, operation);
        _camel.AddName(session.Fields, operation);
        return operation;
    }
}
