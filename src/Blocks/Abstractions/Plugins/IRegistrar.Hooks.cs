namespace FlowPipe.Abstractions;

/// <summary>Called before each record is made, after the session's parsers have added their last to it, and in the order of registration.</summary>
/// <param name="session">The session, as it will be recorded; what is added now is in the record.</param>
/// <param name="final">False when the session goes on in a linked record.</param>
public delegate void SaveHook(Session session, bool final);

/// <summary>
/// A plugin's work beside the packets: a service that it asks, a list that it reads again. Begun when the run begins; one that returns early has
/// nothing more to do.
/// </summary>
/// <param name="sessions">Reaches sessions.</param>
/// <param name="ended">
/// Cancelled when the last record is made: what is left to do then must be done within five seconds. To be given to whatever is awaited.
/// </param>
public delegate Task BackgroundWork(ISessionCommands sessions, CancellationToken ended);

/// <summary>What plugins can do besides looking at packets.</summary>
public partial interface IRegistrar
{
    /// <summary>Registers what is called before each record.</summary>
    void Save(SaveHook hook);

    /// <summary>
    /// A counter of the plugin's own, counted where packets are (<see cref="Session.Count"/>, <see cref="EnqueueContext.Count"/>). It is shown
    /// with the plugin's name in the figures of <c>--stats</c>, on the stats topic, in <c>/metrics</c> and at the end of a run.
    /// </summary>
    /// <param name="name">Its name, unique in the plugin: letters, digits and <c>_</c>.</param>
    /// <param name="help">What it counts: one sentence, without a full stop.</param>
    PluginCounter Counter(string name, string help);

    /// <summary>A counter that the plugin keeps itself, such as one of its background work; shown like the others.</summary>
    /// <param name="name">Its name, unique in the plugin: letters, digits and <c>_</c>.</param>
    /// <param name="help">What it counts: one sentence, without a full stop.</param>
    /// <param name="read">Gives its value; called from any thread, at any time, whenever figures are asked for.</param>
    void Counter(string name, string help, Func<long> read);

    /// <summary>
    /// Registers work beside the packets, which reaches sessions by commands. To be registered instead of begun: <see cref="IFlowPipePlugin.Register"/>
    /// may be called for a run that never comes.
    /// </summary>
    void Background(BackgroundWork work);
}
