using System.Collections;
using FlowPipe.Core;
using FlowPipe.Schemas;

namespace FlowPipe.Pipeline.Configuration;

/// <summary>What may leave the sensor.</summary>
internal sealed record FieldSettings
{
    /// <summary>
    /// Holds the key where there is no file for it. Not a setting: it is never printed, and there is no flag that every list of processes
    /// would show.
    /// </summary>
    public const string KeyVariable = "FLOWPIPE_FIELDS_HASH_KEY";

    private const int LongestKey = 4096;

    public FieldChoice Choice { get; init; } = new();

    /// <summary>File with the key; empty for none.</summary>
    public string HashKeyFile { get; init; } = "";

    /// <summary>Decides what becomes of each field; null when all leaves as it is.</summary>
    /// <exception cref="FlowPipeException">A name is unknown, a field can't be left out or hashed, or there is no key.</exception>
    public FieldPolicy? CreatePolicy(IDictionary environment)
    {
        try
        {
            return FieldPolicy.Create(Choice, () => ReadKey(environment));
        }
        catch (FormatException e)
        {
            throw new FlowPipeException(e.Message, e) { IsWrongUsage = true };
        }
    }

    private byte[]? ReadKey(IDictionary environment)
    {
        if (HashKeyFile.Length == 0)
            return environment[KeyVariable] is string { Length: > 0 } text ? System.Text.Encoding.UTF8.GetBytes(text.Trim()) : null;
        try
        {
            using FileStream file = File.OpenRead(HashKeyFile);
            byte[] bytes = new byte[LongestKey + 1];
            int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > LongestKey)
                throw new FormatException(
                    $"fields.hashKeyFile {HashKeyFile}: a key has {LongestKey} bytes at most; is this the right file?"
                );
            // editors end a line; it is no part of the key
            return bytes.AsSpan(0, length).Trim(" \t\r\n"u8).ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"fields.hashKeyFile {HashKeyFile} can't be read: {e.Message}", e);
        }
    }
}
