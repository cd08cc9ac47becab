using System.Buffers.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>The name of a type that has none: what Arkime calls it, with the type's number.</summary>
internal static class NumberedName
{
    /// <summary>Adds it to a field.</summary>
    public static void Add(Session session, SpiField field, ReadOnlySpan<byte> prefix, int number)
    {
        Span<byte> text = stackalloc byte[32];
        prefix.CopyTo(text);
        Utf8Formatter.TryFormat(number, text[prefix.Length..], out int written);
        session.Fields.Add(field, text[..(prefix.Length + written)]);
    }
}
