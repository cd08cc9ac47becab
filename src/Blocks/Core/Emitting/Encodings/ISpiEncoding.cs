using Confluent.Kafka;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting.Encodings;

/// <summary>How records stand in messages' values. Called by its sink alone.</summary>
internal interface ISpiEncoding : IDisposable
{
    /// <summary>Whether it is made of the records' Avro form.</summary>
    bool WantsAvro { get; }

    /// <summary>Whether it is made of the records' JSON form.</summary>
    bool WantsJson { get; }

    /// <summary>Whether a message may hold several records, and so has neither key nor the headers of one.</summary>
    bool Joins { get; }

    /// <summary>Gets ready, before the first packet is read.</summary>
    /// <exception cref="FlowPipeException">It can't; the message says what to do.</exception>
    ValueTask OpenAsync(CancellationToken stop);

    /// <summary>Gets ready if that can be done now, for who can keep records until it can.</summary>
    /// <returns>False when it can't: <see cref="Encode"/> then makes values that <see cref="Frame"/> has to finish later.</returns>
    /// <exception cref="FlowPipeException">It never will; the message says what to do.</exception>
    async ValueTask<bool> TryOpenAsync(CancellationToken stop)
    {
        await OpenAsync(stop).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whether the value that was made last has to be finished by <see cref="Frame"/>.</summary>
    bool IsUnfinished => false;

    /// <summary>Whether unfinished values with this schema are ours to finish.</summary>
    bool Has(ReadOnlySpan<byte> fingerprint) => false;

    /// <summary>Finishes a value that was made before this was ready.</summary>
    byte[] Frame(byte[] value) => value;

    /// <summary>Makes the value of the message that begins with this record of the batch.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="first">Number of the record.</param>
    /// <param name="value">An array of its own.</param>
    /// <returns>How many records are in it: at least one, and one only unless <see cref="Joins"/>.</returns>
    int Encode(SpiBatch batch, int first, out byte[] value);

    /// <summary>Headers that say how the value is to be read.</summary>
    void AddHeaders(Headers headers);
}
