using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>librdkafka's reasons in words for people who don't know its insides.</summary>
internal static partial class KafkaReasons
{
    /// <summary>In place of "3/3 brokers are down", which also says 0/2.</summary>
    public const string NoBroker = "no broker answers; records wait until one does";

    /// <summary>Whether an error says that a broker can't be reached, or stops answering.</summary>
    public static bool IsConnection(ErrorCode code) =>
        code is ErrorCode.Local_Transport or ErrorCode.Local_Resolve or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue;

    /// <summary>
    /// <c>10.1.2.3:9092/bootstrap: Connect to ipv4#10.1.2.3:9092 failed: Connection refused (after 0ms in state CONNECT)</c> becomes
    /// <c>broker 10.1.2.3:9092: Connection refused</c>.
    /// </summary>
    public static string Plain(string reason)
    {
        reason = States().Replace(reason, "");
        reason = Connects().Replace(reason, "");
        reason = Alerts()
            .Replace(
                reason,
                "the broker refuses our certificate, as expired or signed by somebody it does not know; see ssl.certificate.location"
            );
        return Brokers().Replace(reason, "broker ${address}: ");
    }

    private const int TimeoutMs = 1000;

    [GeneratedRegex(@" \(after \d+ms in state .*\)", RegexOptions.CultureInvariant, TimeoutMs)]
    private static partial Regex States();

    [GeneratedRegex(@"(?<=: )Connect to \S+ failed: ", RegexOptions.CultureInvariant, TimeoutMs)]
    private static partial Regex Connects();

    // Alerts about certificates by number (RFC 8446 section 6.2): bad, unsupported, revoked, expired, unknown, of an unknown authority, missing.
    // Java's brokers send the first or "unknown" for most.
    [GeneratedRegex(
        @"(Receive failed: |SSL handshake failed: )?error:[0-9A-F]+:.*SSL alert number (42|43|44|45|46|48|116)\b",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        TimeoutMs
    )]
    private static partial Regex Alerts();

    // NAME://HOST:PORT/ID: of a listener with TLS or SASL, HOST:PORT/ID: of a plain one
    [GeneratedRegex(
        @"^(\w+://)?(?<address>[^\s/]+)/(bootstrap|\d+): ",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        TimeoutMs
    )]
    private static partial Regex Brokers();
}
