namespace FlowPipe.Core.Enqueue.Drops;

/// <summary>
/// A table that several threads read and that is replaced as a whole. Readers take <see cref="Current"/> once for what they have at hand (a batch), and
/// take no lock: the object never changes. The old one is freed when nobody holds it any more, which the garbage collector knows.
/// </summary>
/// <typeparam name="T">An immutable class.</typeparam>
public sealed class Snapshot<T>
    where T : class
{
    private volatile T? _current;

    /// <param name="first">What is in force at first; null for none.</param>
    public Snapshot(T? first) => _current = first;

    /// <summary>What is in force now; null for none.</summary>
    public T? Current => _current;

    /// <summary>Puts another in its place. May be called from any thread.</summary>
    public void Replace(T? next) => _current = next;
}
