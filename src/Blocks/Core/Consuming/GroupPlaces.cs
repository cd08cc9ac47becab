using Confluent.Kafka;

namespace FlowPipe.Core.Consuming;

/// <summary>
/// What a member of a consumer group has been given, how far it has got, and where it begins: where the group left off, at a partition's beginning
/// when it never was there. Used on the thread that consumes, which is also the one that rebalancing calls back on.
/// </summary>
internal sealed class GroupPlaces(TimeSpan openTime)
{
    private readonly HashSet<int> _assigned = [];
    private readonly HashSet<int> _ended = [];
    private readonly Dictionary<int, long> _next = [];
    private bool _any;

    /// <summary>Whether there is nothing left to read now of what this member was given, which may be nothing.</summary>
    public bool AllEnded => _any && _ended.IsSupersetOf(_assigned);

    public void Watch(ConsumerBuilder<byte[], byte[]> builder) =>
        builder.SetPartitionsAssignedHandler(OnAssigned).SetPartitionsRevokedHandler(OnRevoked).SetPartitionsLostHandler(OnLost);

    public void Ended(int partition) => _ended.Add(partition);

    public void Began(int partition) => _ended.Remove(partition);

    public void Took(int partition, long offset) => _next[partition] = offset + 1;

    public void Commit(IConsumer<byte[], byte[]> consumer, string topic)
    {
        var offsets = new List<TopicPartitionOffset>(_next.Count);
        foreach ((int partition, long next) in _next)
        {
            if (_assigned.Contains(partition)) // else somebody else has gone on there
            {
                offsets.Add(new TopicPartitionOffset(topic, partition, next));
            }
        }

        _next.Clear();
        if (offsets.Count > 0)
        {
            consumer.Commit(offsets);
        }
    }

    private IEnumerable<TopicPartitionOffset> OnAssigned(IConsumer<byte[], byte[]> consumer, List<TopicPartition> partitions)
    {
        _any = true;
        List<TopicPartitionOffset> places = partitions.Count == 0 ? [] : consumer.Committed(partitions, openTime);
        for (int i = 0; i < places.Count; i++)
        {
            _assigned.Add(places[i].Partition.Value);
            if (places[i].Offset == Offset.Unset)
            {
                places[i] = new TopicPartitionOffset(places[i].TopicPartition, Offset.Beginning);
            }
        }

        return places;
    }

    private void OnRevoked(IConsumer<byte[], byte[]> consumer, List<TopicPartitionOffset> partitions)
    {
        if (partitions.Count > 0)
        {
            Commit(consumer, partitions[0].Topic);
        }

        OnLost(consumer, partitions);
    }

    private void OnLost(IConsumer<byte[], byte[]> consumer, List<TopicPartitionOffset> partitions)
    {
        foreach (TopicPartitionOffset partition in partitions)
        {
            _assigned.Remove(partition.Partition.Value);
            _ended.Remove(partition.Partition.Value);
        }
    }
}
