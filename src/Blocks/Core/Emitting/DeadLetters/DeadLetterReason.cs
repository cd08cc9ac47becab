using Confluent.Kafka;

namespace FlowPipe.Core.Emitting.DeadLetters;

/// <summary>Why a record can't be delivered, in words that do not change: dead letters, the ledger and metrics have them.</summary>
internal static class DeadLetterReason
{
    /// <summary>It is larger than the client, the topic or the broker lets a message be.</summary>
    public const string TooLarge = "too-large";

    /// <summary>The broker takes the message for malformed.</summary>
    public const string Invalid = "invalid";

    /// <summary>The sink's format could not be made of it.</summary>
    public const string Unserialisable = "unserialisable";

    /// <summary>There is no such topic, and the brokers do not create it.</summary>
    public const string UnknownTopic = "unknown-topic";

    /// <summary>We may not write to the topic.</summary>
    public const string NotAuthorised = "not-authorised";

    /// <summary>A policy of the cluster forbids it.</summary>
    public const string Policy = "policy";

    /// <summary>It was spooled with another schema, before the registry had said that one's number.</summary>
    public const string OtherSchema = "other-schema";

    /// <summary>The broker gave a reason that says nothing of what would help.</summary>
    public const string Refused = "refused";

    /// <summary>Time is over, or the brokers are gone, and there is no spool: no reason of the record's own.</summary>
    public const string Undelivered = "undelivered";

    /// <summary>The reason that an error stands for; null where time may help, so that the record can be sent again as it is.</summary>
    public static string? Of(Error error) =>
        error.Code switch
        {
            ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge => TooLarge,
            ErrorCode.InvalidRecord
            or ErrorCode.InvalidMsg
            or ErrorCode.InvalidMsgSize
            or ErrorCode.InvalidTimestamp
            or ErrorCode.UnsupportedForMessageFormat
            or ErrorCode.Local_BadMsg
            or ErrorCode.Local_InvalidArg
            or ErrorCode.Local_KeySerialization
            or ErrorCode.Local_ValueSerialization
            or ErrorCode.Local_InvalidDifferentRecord => Invalid,
            ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition or ErrorCode.TopicException =>
                UnknownTopic,
            ErrorCode.TopicAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed => NotAuthorised,
            ErrorCode.PolicyViolation => Policy,
            _ => MayPass(error) ? null : Refused,
        };

    /// <summary>Whether the error may be that of another record in the same batch: then this one is sent again in a batch of its own.</summary>
    public static bool MayBeAnothers(string reason) => reason is TooLarge or Invalid or Refused;

    private static bool MayPass(Error error) =>
        error.IsFatal
        || error.Code
            is ErrorCode.Local_MsgTimedOut
                or ErrorCode.Local_TimedOut
                or ErrorCode.Local_TimedOutQueue
                or ErrorCode.Local_Transport
                or ErrorCode.Local_AllBrokersDown
                or ErrorCode.Local_PurgeQueue
                or ErrorCode.Local_PurgeInflight
                or ErrorCode.Local_Retry
                or ErrorCode.Local_Fatal
                or ErrorCode.Local_Destroy
                or ErrorCode.Local_Ssl
                or ErrorCode.Local_Authentication
                or ErrorCode.Local_State
                or ErrorCode.RequestTimedOut
                or ErrorCode.BrokerNotAvailable
                or ErrorCode.LeaderNotAvailable
                or ErrorCode.NotLeaderForPartition
                or ErrorCode.ReplicaNotAvailable
                or ErrorCode.NetworkException
                or ErrorCode.NotEnoughReplicas
                or ErrorCode.NotEnoughReplicasAfterAppend
                or ErrorCode.KafkaStorageError
                or ErrorCode.OutOfOrderSequenceNumber
                or ErrorCode.DuplicateSequenceNumber
                or ErrorCode.UnknownProducerId
                or ErrorCode.InvalidProducerEpoch
                or ErrorCode.ThrottlingQuotaExceeded
                or ErrorCode.SaslAuthenticationFailed;
}
