namespace FlowPipe.Core.Emitting;

/// <summary>
/// Tells when brokers answer, and yet acknowledge nothing: librdkafka sends again in silence what they refuse for now, such as for lack of replicas. For
/// one thread.
/// </summary>
internal sealed class StallWatch(KafkaErrors errors, Func<long> now)
{
    /// <summary>A leader's election takes less.</summary>
    private const long PatienceMs = 10_000;

    private long _fates;
    private long _since = now();
    private bool _isTold;

    /// <summary>To be called now and then.</summary>
    /// <param name="waiting">Records that were sent and have no fate.</param>
    /// <param name="fates">Records that have met one, ever.</param>
    public void Look(int waiting, long fates)
    {
        if (fates != _fates || waiting == 0)
        {
            if (_isTold && fates != _fates)
                errors.Tell("stall over", "records are acknowledged again");
            _isTold &= fates == _fates;
            _fates = fates;
            _since = now();
            return;
        }
        if (_isTold || now() - _since < PatienceMs || errors.IsCutOff)
            return;
        _isTold = true;
        errors.Tell(
            "stall",
            $"no record was acknowledged for {PatienceMs / 1000} s or more, {waiting} wait: too few replicas are in sync (min.insync.replicas), "
                + "a topic or the leader of a partition is missing, or a broker hangs"
        );
    }
}
