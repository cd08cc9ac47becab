using System.Text;
using Confluent.Kafka;
using FlowPipe.Abstractions;
using FlowPipe.Core.Emitting.Encodings;
using FlowPipe.Core.Emitting.Routing;
using FlowPipe.Core.Messages;

namespace FlowPipe.Core.Emitting;

/// <summary>Makes Kafka messages of records: value, key, headers, and the topics that they go to.</summary>
internal sealed class MessageMaker
{
    private static readonly byte[] Yes = "1"u8.ToArray();
    private static readonly byte[] No = "0"u8.ToArray();
    private static readonly byte[][] Reasons = ReasonNames();

    private readonly ISpiEncoding _encoding;
    private readonly string _topic;
    private readonly byte[] _node;
    private readonly IReadOnlyList<Route> _routes;
    private long _made;
    private readonly ulong _only; // routes whose records do not go to the sink's own topic

    /// <param name="encoding">Makes the values.</param>
    /// <param name="target">Where records go.</param>
    /// <param name="settings">Node and routes.</param>
    /// <exception cref="FlowPipeException">The routes don't go with the encoding.</exception>
    public MessageMaker(ISpiEncoding encoding, KafkaTarget target, SinkSettings settings)
    {
        _encoding = encoding;
        _topic = target.Topic;
        _node = Encoding.UTF8.GetBytes(settings.Node);
        _routes = settings.Routes;
        for (int i = 0; i < _routes.Count; i++)
            _only |= _routes[i].Only ? 1UL << i : 0;
        if (encoding.Joins && _routes.Count > 0)
            throw new FlowPipeException(
                $"sink '{target}': format=bulk puts several records into a message, which routes can't tell apart; use bulk1"
            );
    }

    /// <summary>Messages that were made.</summary>
    public OutgoingPool Pool { get; } = new();

    /// <summary>Makes what begins with this record of the batch: a message, and one for each further topic.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="first">Number of the record.</param>
    /// <param name="into">Where the messages are put.</param>
    /// <returns>How many records are in the message.</returns>
    public int Make(SpiBatch batch, int first, List<OutgoingMessage> into)
    {
        SpiRecord record = batch.Records[first];
        int records = Encode(batch, first, out byte[] value, out string? fault);
        // No timestamp: the message's time is when it is sent. Packet time would have old captures deleted by retention at once.
        var kafka = new Message<byte[], byte[]> { Value = value, Headers = [] };
        if (_encoding.Joins)
            kafka.Headers.Add("node", _node);
        else
            AddIdentity(kafka, record);
        if ((record.Routes & _only) == 0)
            into.Add(MessageOf(_topic, kafka, record, records, fault));
        for (int i = 0; i < _routes.Count; i++)
        {
            if ((record.Routes & (1UL << i)) != 0 && !GoesTo(into, kafka, _routes[i].Topic))
                into.Add(MessageOf(_routes[i].Topic, kafka, record, records, fault));
        }
        return records;
    }

    /// <summary>Puts the frame before a value that was made when it was not known.</summary>
    /// <returns>False when the value is of another schema than the frame would say.</returns>
    public bool TryFrame(OutgoingMessage message)
    {
        if (!message.NeedsFrame)
            return true;
        if (
            !message.Kafka.Headers.TryGetLastBytes(RegistryEncoding.FingerprintHeader, out byte[] fingerprint)
            || !_encoding.Has(fingerprint)
        )
            return false;
        message.Kafka.Value = _encoding.Frame(message.Kafka.Value);
        message.NeedsFrame = false;
        return true;
    }

    private static bool GoesTo(List<OutgoingMessage> messages, Message<byte[], byte[]> kafka, string topic)
    {
        foreach (OutgoingMessage message in messages)
        {
            if (ReferenceEquals(message.Kafka, kafka) && message.Topic == topic)
                return true;
        }
        return false;
    }

    private OutgoingMessage MessageOf(string topic, Message<byte[], byte[]> kafka, SpiRecord record, int records, string? fault)
    {
        OutgoingMessage message = Pool.Rent();
        message.Topic = topic;
        message.Kafka = kafka;
        message.Records = records;
        message.Id = record.Id;
        message.FirstPacketNs = record.FirstPacketNs;
        message.LastPacketNs = record.LastPacketNs;
        message.NeedsFrame = _encoding.IsUnfinished;
        message.Order = _made++;
        message.Fault = fault;
        return message;
    }

    private int Encode(SpiBatch batch, int first, out byte[] value, out string? fault)
    {
        fault = null;
        try
        {
            return _encoding.Encode(batch, first, out value);
        }
        catch (Exception e)
            when (e is InvalidOperationException or ArgumentException or FormatException or IndexOutOfRangeException or OverflowException)
        {
            // A bug, but of one record: the others are not to be lost with it.
            fault = $"{e.GetType().Name}: {e.Message}";
            SpiRecord record = batch.Records[first];
            value = (_encoding.WantsAvro ? batch.AvroOf(record) : batch.JsonOf(record)).ToArray();
            return 1;
        }
    }

    private void AddIdentity(Message<byte[], byte[]> message, SpiRecord record)
    {
        message.Key = record.Key;
        Headers headers = message.Headers;
        headers.Add("id", Utf8Of(record.Id));
        if (record.RootId != Guid.Empty)
            headers.Add("root_id", Utf8Of(record.RootId));
        headers.Add("node", _node);
        _encoding.AddHeaders(headers);
        headers.Add("final", record.Final ? Yes : No);
        headers.Add("reason", Reasons[(int)record.Reason]);
    }

    private static byte[] Utf8Of(Guid id)
    {
        byte[] text = new byte[36];
        id.TryFormat(text, out _);
        return text;
    }

    private static byte[][] ReasonNames()
    {
        EndReason[] reasons = Enum.GetValues<EndReason>();
        byte[][] names = new byte[reasons.Length][];
        foreach (EndReason reason in reasons)
            names[(int)reason] = Encoding.UTF8.GetBytes(reason.ToString().ToLowerInvariant());
        return names;
    }
}
