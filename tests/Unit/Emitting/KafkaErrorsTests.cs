using Confluent.Kafka;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class KafkaErrorsTests
{
    private static readonly Error Refused = new(
        ErrorCode.Local_Transport,
        "10.1.2.3:9092/1: Connect to ipv4#10.1.2.3:9092 failed: Connection refused (after 0ms in state CONNECT)"
    );

    private readonly List<string> _lines = [];
    private readonly KafkaErrors _errors;

    public KafkaErrorsTests() => _errors = new KafkaErrors("sink", new Dictionary<string, string>(StringComparer.Ordinal), _lines.Add);

    [Fact]
    public void An_outage_is_a_line_for_each_kind_of_trouble_and_one_for_its_end()
    {
        _errors.Speak();
        for (int i = 0; i < 1000; i++)
        {
            _errors.Report(Refused);
            _errors.Report(new Error(ErrorCode.Local_AllBrokersDown, "0/2 brokers are down"));
        }
        Assert.Equal(["sink: broker 10.1.2.3:9092: Connection refused", "sink: no broker answers; records wait until one does"], _lines);
        Assert.Equal("broker 10.1.2.3:9092: Connection refused", _errors.LastReason);
        _errors.CountDelivered();
        _errors.CountDelivered();
        Assert.Equal("sink: the brokers answer again", Assert.Single(_lines[2..]));

        // The next outage is another one.
        _errors.Report(Refused);
        Assert.Equal("sink: broker 10.1.2.3:9092: Connection refused", Assert.Single(_lines[3..]));
    }

    [Fact]
    public void Where_one_broker_is_gone_the_deliveries_of_the_others_are_no_end()
    {
        _errors.Speak();
        _errors.Report(Refused);
        _errors.CountDelivered();
        Assert.Equal("sink: broker 10.1.2.3:9092: Connection refused", Assert.Single(_lines));
    }

    [Fact]
    public void Records_that_wait_though_brokers_answer_are_told_once()
    {
        _errors.Speak();
        long now = 0;
        var watch = new StallWatch(_errors, () => now);
        watch.Look(7, 100);
        for (; now < 9_999; now += 101)
            watch.Look(7, 100);
        Assert.Empty(_lines);
        for (now = 10_000; now < 20_000; now += 100)
            watch.Look(7, 100);
        Assert.Contains("no record was acknowledged for 10 s or more, 7 wait", Assert.Single(_lines), StringComparison.Ordinal);
        watch.Look(3, 104);
        watch.Look(0, 107);
        Assert.Equal("sink: records are acknowledged again", Assert.Single(_lines[1..]));
    }

    [Fact]
    public void Records_that_wait_for_brokers_that_are_gone_are_no_further_trouble()
    {
        _errors.Speak();
        _errors.Report(new Error(ErrorCode.Local_AllBrokersDown));
        long now = 0;
        var watch = new StallWatch(_errors, () => now);
        watch.Look(7, 0);
        now = 60_000;
        watch.Look(7, 0);
        Assert.Single(_lines);
    }

    [Fact]
    public void Before_the_sink_is_open_reasons_are_only_kept()
    {
        _errors.Report(Refused);
        Assert.Empty(_lines);
        Assert.Equal("broker 10.1.2.3:9092: Connection refused", _errors.LastReason);
    }
}
