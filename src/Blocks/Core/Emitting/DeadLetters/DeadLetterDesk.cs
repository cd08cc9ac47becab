using Confluent.Kafka;

namespace FlowPipe.Core.Emitting.DeadLetters;

/// <summary>Makes dead letters: for the topic, or, where that does not take them, into the file. The file is for one thread.</summary>
/// <param name="settings">Topic and file.</param>
/// <param name="node">Name of the sensor.</param>
/// <param name="sizeMax">Bytes that a message may have here.</param>
/// <param name="warn">Where it says what it does.</param>
internal sealed class DeadLetterDesk(DeadLetterSettings settings, string node, int sizeMax, Action<string> warn) : IDisposable
{
    /// <summary>What is kept of a message that the broker finds too large even so: enough to know it by.</summary>
    private const int SmallSize = 16 * 1024;

    private readonly DeadLetterFile _file = new(settings, warn);

    /// <summary>The topic; empty for none.</summary>
    public string Topic => settings.Topic;

    /// <summary>The dead letter of a message.</summary>
    /// <param name="message">What could not be delivered; <see cref="OutgoingMessage.Fault"/> says why.</param>
    /// <param name="reason">The same as a <see cref="DeadLetterReason"/>.</param>
    /// <param name="isSmall">Whether little of the value will do.</param>
    public Message<byte[], byte[]> ToMessage(OutgoingMessage message, string reason, bool isSmall = false)
    {
        // A topic takes about a million bytes unless it was told otherwise, whatever the client may send.
        int room = Math.Min(sizeMax, KafkaMessageSize.DefaultMax);
        return Letter(message, reason).ToMessage(isSmall ? Math.Min(room, SmallSize) : room);
    }

    /// <summary>Puts it into the file.</summary>
    /// <returns>False when there is none, or no room in it.</returns>
    public bool TryWriteToFile(OutgoingMessage message, string reason) =>
        _file.IsSet && _file.TryWrite(Letter(message, reason).ToJsonLine());

    public void Dispose() => _file.Dispose();

    private DeadLetter Letter(OutgoingMessage message, string reason) =>
        new(message, reason, message.Fault ?? "", node, TimeProvider.System.GetUtcNow());
}
