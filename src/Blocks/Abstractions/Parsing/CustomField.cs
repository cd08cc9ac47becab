using FlowPipe.Schemas;

namespace FlowPipe.Abstractions;

/// <summary>A plugin's own field: its values go into the record's map <c>custom</c> under its name, as text.</summary>
public sealed class CustomField
{
    private readonly byte[] _name;

    /// <param name="name">Its name; <c>plugin.field</c> is a good form.</param>
    /// <param name="type">Single types keep the last value; sets are written as a JSON array without duplicates.</param>
    /// <param name="help">What it says.</param>
    public CustomField(string name, SpiType type, string help)
    {
        Name = name;
        Type = type;
        Help = help;
        _name = System.Text.Encoding.UTF8.GetBytes(name);
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Whether it has one value or several, and of what kind.</summary>
    public SpiType Type { get; }

    /// <summary>What it says.</summary>
    public string Help { get; }

    /// <summary>Its name as UTF-8.</summary>
    public ReadOnlySpan<byte> Key => _name;
}
