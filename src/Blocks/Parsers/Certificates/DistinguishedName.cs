using System.Buffers;
using System.Text;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Certificates;

/// <summary>How many values a name has of the kinds that tell who it is.</summary>
/// <param name="CommonNames">Common names.</param>
/// <param name="Organizations">Organisations.</param>
internal readonly record struct NameShape(int CommonNames, int Organizations)
{
    /// <summary>Whether a certificate of this issuer and that subject may be its own: one common name, and at most one organisation, in each.</summary>
    public bool IsSelf(NameShape subject) => CommonNames == 1 && Organizations <= 1 && this == subject;
}

/// <summary>
/// A Name (RFC 5280 section 4.1.2.4): of its attributes common name, organisation and organisational unit.
/// <code>
/// Name ::= SEQUENCE OF SET OF SEQUENCE { OID type, string value }
/// </code>
/// </summary>
internal static class DistinguishedName
{
    private const int LongestText = 1024;

    /// <summary>Adds its values.</summary>
    public static NameShape AddTo(SpiFields values, ReadOnlySpan<byte> name, NameFields fields)
    {
        int commonNames = 0;
        int organizations = 0;
        var sets = new BerReader(name);
        while (sets.TryRead(out BerElement set))
        {
            BerReader attributes = set.Elements;
            while (attributes.TryRead(out BerElement attribute))
            {
                BerReader parts = attribute.Elements;
                if (!parts.TryRead(0x06, out BerElement type) || !parts.TryRead(out BerElement value) || !IsText(value))
                    continue;
                if (type.Content is not [0x55, 0x04, var kind])
                    continue;
                switch (kind)
                {
                    case 3:
                        commonNames++;
                        AddLower(values, fields.CommonName, value);
                        break;
                    case 10:
                        organizations++;
                        value.AddText(values, fields.Organization);
                        break;
                    case 11:
                        value.AddText(values, fields.Unit);
                        break;
                }
            }
        }
        return new NameShape(commonNames, organizations);
    }

    /// <summary>UTF8String, PrintableString, TeletexString, IA5String or BMPString.</summary>
    private static bool IsText(BerElement value) => value is { Class: 0, IsConstructed: false, Number: 12 or 19 or 20 or 22 or 30 };

    private static void AddLower(SpiFields values, SpiField field, BerElement value)
    {
        ReadOnlySpan<byte> text = value.Content[..Math.Min(value.Content.Length, LongestText)];
        if (value.Number != 30 && Ascii.IsValid(text))
        {
            values.AddLower(field, text);
            return;
        }
        byte[] utf8 = ArrayPool<byte>.Shared.Rent(SpiText.MostBytes(text.Length, value.Encoding));
        byte[] lower = ArrayPool<byte>.Shared.Rent(2 * utf8.Length);
        ReadOnlySpan<byte> rest = utf8.AsSpan(0, SpiText.ToUtf8(text, value.Encoding, utf8));
        int written = 0;
        while (rest.Length > 0)
        {
            Rune.DecodeFromUtf8(rest, out Rune rune, out int used);
            written += Rune.ToLowerInvariant(rune).EncodeToUtf8(lower.AsSpan(written));
            rest = rest[used..];
        }
        values.Add(field, lower.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(utf8);
        ArrayPool<byte>.Shared.Return(lower);
    }
}
