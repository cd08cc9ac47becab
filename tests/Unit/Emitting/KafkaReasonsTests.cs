using FlowPipe.Core.Emitting;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class KafkaReasonsTests
{
    [Theory]
    [InlineData(
        "10.1.2.3:9092/bootstrap: Connect to ipv4#10.1.2.3:9092 failed: Connection refused (after 0ms in state CONNECT)",
        "broker 10.1.2.3:9092: Connection refused"
    )]
    [InlineData(
        "kafka.example:9092/12: Disconnected (after 21212ms in state UP, 1 identical error(s) suppressed)",
        "broker kafka.example:9092: Disconnected"
    )]
    [InlineData(
        "ssl://[::1]:9093/bootstrap: SSL handshake failed: certificate verify failed (after 3ms in state SSL_HANDSHAKE)",
        "broker [::1]:9093: SSL handshake failed: certificate verify failed"
    )]
    [InlineData(
        "ssl://10.1.2.3:9093/1: Receive failed: error:0A000416:SSL routines::ssl/tls alert certificate unknown: SSL alert number 46 (after 9ms in state APIVERSION_QUERY)",
        "broker 10.1.2.3:9093: the broker refuses our certificate, as expired or signed by somebody it does not know; see ssl.certificate.location"
    )]
    [InlineData("Local: Message timed out", "Local: Message timed out")]
    [InlineData("", "")]
    public void Reasons_are_without_librdkafkas_insides(string reason, string plain) => Assert.Equal(plain, KafkaReasons.Plain(reason));
}
