using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Dhcp;

/// <summary>Handles of the fields of DHCP.</summary>
internal sealed class DhcpFields(IRegistrar registrar)
{
    public SpiField Type { get; } = registrar.Field("dhcp.type");
    public SpiField Host { get; } = registrar.Field("dhcp.host");
    public SpiField Mac { get; } = registrar.Field("dhcp.mac");
    public SpiField Id { get; } = registrar.Field("dhcp.id");
    public SpiField ClassId { get; } = registrar.Field("dhcp.classId");
    public SpiField RequestIp { get; } = registrar.Field("dhcp.requestIp");

    /// <summary>Whether a vendor class of DHCPv6 begins with the enterprise number, as Arkime has it.</summary>
    public bool IsArkime { get; } = ArkimeQuirks.AskedFor(registrar);

    /// <summary>Adds a transaction id, in hexadecimal digits without leading zeros.</summary>
    public void AddId(SpiFields to, uint id)
    {
        Span<byte> text = stackalloc byte[8];
        if (id.TryFormat(text, out int length, "x", System.Globalization.CultureInfo.InvariantCulture))
            to.Add(Id, text[..length]);
    }

    /// <summary>Adds a MAC address of six bytes.</summary>
    public void AddMac(SpiFields to, ReadOnlySpan<byte> mac)
    {
        Span<byte> text = stackalloc byte[17];
        text.Fill((byte)':');
        for (int i = 0; i < 6; i++)
            Hex.Write(mac.Slice(i, 1), text.Slice(3 * i, 2));
        to.Add(Mac, text);
    }

    /// <summary>Adds a host's name.</summary>
    public void AddHost(SpiFields to, ReadOnlySpan<byte> name)
    {
        name = name.UpToNul();
        if (!name.IsEmpty)
            to.AddLower(Host, name);
    }

    /// <summary>Adds a vendor class.</summary>
    public void AddClass(SpiFields to, ReadOnlySpan<byte> name)
    {
        name = name.UpToNul();
        if (!name.IsEmpty || IsArkime)
            to.AddText(ClassId, name, TextEncoding.Utf8OrLatin1);
    }
}
