using System.Security.Cryptography;

namespace FlowPipe.Schemas;

/// <summary>A <see cref="FieldChoice"/> decided field by field, once. Immutable, and shared by all partitions.</summary>
public sealed class FieldPolicy
{
    /// <summary>Fewer bytes of a key can be guessed.</summary>
    public const int LeastKeyBytes = 16;

    private const string HowToMakeAKey =
        "make one with `openssl rand -hex 32 > hash.key` and set fields.hashKeyFile to that file, or put it into FLOWPIPE_FIELDS_HASH_KEY; the same key gives the same hashes again";

    private readonly FieldDictionary _dictionary;
    private readonly FieldAction[] _actions;
    private readonly ulong[] _touched;
    private readonly byte[]? _key;

    private FieldPolicy(FieldDictionary dictionary, FieldAction[] actions, IReadOnlyList<string> leftOut, Func<byte[]?> key)
    {
        _dictionary = dictionary;
        _actions = actions;
        _touched = new ulong[(actions.Length + 63) >> 6];
        bool hashes = false;
        for (int number = 1; number < actions.Length; number++)
        {
            if (actions[number] != FieldAction.Keep)
                _touched[number >> 6] |= 1UL << number;
            hashes |= actions[number] == FieldAction.Hash;
        }
        LeftOut = leftOut;
        HidesIdentity = dictionary.TryGet("communityId", out FieldDefinition? community) && Of(community.Field) != FieldAction.Keep;
        if (!hashes && !HidesIdentity)
            return;
        string why = hashes
            ? "fields.hash needs a key"
            : "communityId does not leave, so the messages' keys and the records' ids, which others could guess the addresses from, become keyed hashes, and there is no key";
        _key = key();
        if (_key is null)
            throw new FormatException($"{why}: {HowToMakeAKey}");
        if (_key.Length < LeastKeyBytes)
            throw new FormatException($"the hash key has {_key.Length} bytes and must have {LeastKeyBytes} at least: {HowToMakeAKey}");
    }

    /// <summary>
    /// Whether the Community ID does not leave as it is: then the message key, which is made of it, and the record's id, from which the
    /// addresses could be guessed, are keyed hashes too.
    /// </summary>
    public bool HidesIdentity { get; }

    /// <summary>Tells the key from another without giving it away; null where there is none.</summary>
    public string? KeyCheck =>
        _key is null ? null : Convert.ToHexStringLower(HMACSHA256.HashData(_key, "flowpipe key check"u8).AsSpan(0, 8));

    /// <summary>Fields that are left out because they lie in a group to be hashed and can't be: numbers, times, truth values.</summary>
    public IReadOnlyList<string> LeftOut { get; }

    /// <summary>A bit for each field that does not stay as it is, by its number.</summary>
    internal ReadOnlySpan<ulong> Touched => _touched;

    /// <summary>Decides what becomes of each field.</summary>
    /// <param name="choice">What the user said.</param>
    /// <param name="key">Gets the key for hashes, if one is needed; null where there is none.</param>
    /// <param name="dictionary">The fields that there are.</param>
    /// <returns>Null when all leaves as it is.</returns>
    /// <exception cref="FormatException">A name is unknown, a field can't be left out or hashed, or there is no key; the message says what to do.</exception>
    public static FieldPolicy? Create(FieldChoice choice, Func<byte[]?> key, FieldDictionary? dictionary = null)
    {
        ArgumentNullException.ThrowIfNull(choice);
        if (choice.IsEmpty)
            return null;
        dictionary ??= FieldDictionary.Default;
        var decision = new FieldDecision(choice, dictionary);
        return new FieldPolicy(dictionary, decision.Actions, decision.LeftOut, key);
    }

    /// <summary>What becomes of a field.</summary>
    public FieldAction Of(SpiField field) => ActionOf(field.Number);

    /// <summary>Makes what applies it to records; one per thread.</summary>
    public FieldFilter CreateFilter() => new(this);

    /// <summary>Makes what hashes with the key; null where nothing is hashed. One per thread.</summary>
    public FieldHasher? CreateHasher() => _key is null ? null : new FieldHasher(_key);

    internal FieldAction ActionOf(int number) => _actions[number];

    internal SpiField FieldOf(int number) => _dictionary.Fields[number - 1].Field;
}
