using System.Text;
using System.Threading.Channels;
using FlowPipe.Abstractions;

namespace Watch;

/// <summary>
/// Whom one asks beside the packets: here two lists of names, as well it could be a service on the network. What it finds out it does to the session
/// by a command, which the session's partition carries out; if the session is over by then, nothing happens.
/// </summary>
internal sealed class Watchman
{
    private const int MostQuestions = 1024;
    private static readonly ReadOnlyMemory<byte> Tag = Encoding.UTF8.GetBytes("watched");
    private readonly Channel<Question> _questions = Channel.CreateBounded<Question>(MostQuestions);
    private readonly HashSet<string> _watched;
    private readonly HashSet<string> _closed;
    private readonly PluginCounter _unasked;
    private long _answered;

    private Watchman(IReadOnlyList<string> watched, IReadOnlyList<string> closed, PluginCounter unasked)
    {
        _watched = new HashSet<string>(watched, StringComparer.Ordinal);
        _closed = new HashSet<string>(closed, StringComparer.Ordinal);
        _unasked = unasked;
    }

    public static Watchman Register(IRegistrar registrar)
    {
        var watchman = new Watchman(
            registrar.Setting("watchUsers", [], "Users whose sessions of finger are tagged, their packets no longer kept"),
            registrar.Setting("watchClosed", [], "Users whose sessions of finger are ended"),
            registrar.Counter("unasked", "Questions for which the watchman had no room")
        );
        // The watchman's own count: its thread is not the packets', so it is read from there whenever somebody looks.
        registrar.Counter("answered", "Questions that the watchman has answered", () => Interlocked.Read(ref watchman._answered));
        registrar.Background(watchman.RunAsync);
        return watchman;
    }

    /// <summary>Called where packets are: never waits. The session itself must not be kept, its name may be.</summary>
    public void Ask(Session session, ReadOnlySpan<byte> user)
    {
        if (!_questions.Writer.TryWrite(new Question(session.Ref, Encoding.UTF8.GetString(user))))
            session.Count(_unasked);
    }

    private async Task RunAsync(ISessionCommands sessions, CancellationToken ended)
    {
        await foreach (Question question in _questions.Reader.ReadAllAsync(ended))
        {
            if (_watched.Contains(question.User))
                await sessions.PostAsync(question.Session, Watch);
            if (_closed.Contains(question.User))
                await sessions.CloseAsync(question.Session);
            Interlocked.Increment(ref _answered);
        }
    }

    /// <summary>Runs in the session's partition, between two packets.</summary>
    private static AfterWork Watch(Session session)
    {
        session.AddTag(Tag.Span);
        session.StopSaving();
        return AfterWork.GoOn;
    }

    private readonly record struct Question(SessionRef Session, string User);
}
