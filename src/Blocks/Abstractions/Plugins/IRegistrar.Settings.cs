namespace FlowPipe.Abstractions;

/// <summary>
/// What a plugin lets its user set: <c>parsers.NAME</c> in the configuration. To ask for a setting is to declare it; one that nobody asks for is
/// an error that names it. Where two plugins ask for the same name, they share its value.
/// </summary>
public partial interface IRegistrar
{
    /// <summary>A truth value.</summary>
    /// <param name="name">Its name; Arkime's where it is Arkime's.</param>
    /// <param name="fallback">What holds when it is not set.</param>
    /// <param name="help">What it does: one sentence, without a full stop.</param>
    bool Setting(string name, bool fallback, string help);

    /// <summary>A whole number.</summary>
    /// <param name="name">Its name; Arkime's where it is Arkime's.</param>
    /// <param name="fallback">What holds when it is not set.</param>
    /// <param name="least">The least it may be.</param>
    /// <param name="most">The most it may be.</param>
    /// <param name="help">What it does: one sentence, without a full stop.</param>
    int Setting(string name, int fallback, int least, int most, string help);

    /// <summary>A list of words, written with spaces between them.</summary>
    /// <param name="name">Its name; Arkime's where it is Arkime's.</param>
    /// <param name="fallback">What holds when it is not set.</param>
    /// <param name="help">What it does: one sentence, without a full stop.</param>
    /// <param name="accepts">What each word may be, to follow "must be".</param>
    /// <param name="isValid">Whether a word may be; null: any may.</param>
    IReadOnlyList<string> Setting(
        string name,
        IReadOnlyList<string> fallback,
        string help,
        string accepts = "words with spaces between them",
        Func<string, bool>? isValid = null
    );
}
