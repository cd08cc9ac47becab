using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>Names of types; one that has none is called by its number, as Arkime does.</summary>
internal static class NumberedName
{
    /// <summary>Adds a name to a field, or where it is empty the number behind a prefix.</summary>
    public static void Add(Session session, SpiField field, ReadOnlySpan<byte> name, ReadOnlySpan<byte> prefix, int number)
    {
        if (name.IsEmpty)
            Add(session, field, prefix, number);
        else
            session.Fields.Add(field, name);
    }

    /// <summary>Adds a prefix and a number to a field.</summary>
    public static void Add(Session session, SpiField field, ReadOnlySpan<byte> prefix, int number)
    {
        Span<byte> text = stackalloc byte[32];
        prefix.CopyTo(text);
        Utf8Formatter.TryFormat(number, text[prefix.Length..], out int written);
        session.Fields.Add(field, text[..(prefix.Length + written)]);
    }
}
