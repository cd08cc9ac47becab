using CsCheck;
using FlowPipe.Core;
using FlowPipe.Core.Emitting;

namespace FlowPipe.Tests.Unit.Emitting;

public sealed class SinkFactoryTests
{
    private static readonly SinkSettings Settings = new() { Schema = static () => TestRecords.Schema };

    [Theory]
    [InlineData("null:", "null:", true, false)]
    [InlineData("avro:a/b.avro", "avro:a/b.avro", true, false)]
    [InlineData("avro:b.avro?codec=deflate", "avro:b.avro", true, false)]
    [InlineData("avro:b.avro?codec=zstandard", "avro:b.avro", true, false)]
    [InlineData("ndjson:-", "ndjson:-", false, true)]
    [InlineData("ndjson:/x", "ndjson:/x", false, true)]
    [InlineData("kafka://a:9092,b,[::1]:9092/t.v1", "kafka://a:9092,b,[::1]:9092/t.v1", false, true)]
    [InlineData("kafka://a/t?format=avro&timeout=3", "kafka://a/t", true, false)]
    [InlineData("kafka://a/t?format=sessions3", "kafka://a/t", false, true)]
    [InlineData("kafka://embedded/t?partitions=8", "kafka://embedded/t", false, true)]
    public async Task Every_form_makes_its_sink(string uri, string name, bool wantsAvro, bool wantsJson)
    {
        await using ISpiSink sink = SinkFactory.Create(uri, Settings);
        Assert.Equal((name, wantsAvro, wantsJson), (sink.Name, sink.WantsAvro, sink.WantsJson));
    }

    [Theory]
    [InlineData("", "no scheme")]
    [InlineData("records.avro", "no scheme")]
    [InlineData(":x", "no scheme")]
    [InlineData("parquet:x", "unknown scheme 'parquet'; write one of kafka://BROKERS/TOPIC")]
    [InlineData("table:", "unknown scheme 'table'")] // made where the terminal is
    [InlineData("null:x", "takes nothing")]
    [InlineData("null:?x=1", "unknown option 'x'; null: takes format")]
    [InlineData("avro:", "no file")]
    [InlineData("avro:x?codec=snappy", "unknown codec 'snappy'; there are null, deflate, zstandard")]
    [InlineData("avro:x?level=3", "unknown option 'level'; avro: takes codec")]
    [InlineData("avro:x?codec", "'codec' is not NAME=VALUE")]
    [InlineData("avro:x?codec=", "'codec=' is not NAME=VALUE")]
    [InlineData("avro:x?codec=null&codec=null", "'codec' is given twice")]
    [InlineData("ndjson:", "no file")]
    [InlineData("kafka:t", "write kafka://BROKERS/TOPIC")]
    [InlineData("kafka:///t", "no brokers")]
    [InlineData("kafka://a:b/t", "'a:b' is no broker")]
    [InlineData("kafka://a:99999/t", "'a:99999' is no broker")]
    [InlineData("kafka://a,,b/t", "'' is no broker")]
    [InlineData("kafka://a", "no topic")]
    [InlineData("kafka://a/", "no topic")]
    [InlineData("kafka://a/t/u", "'t/u' is no topic's name")]
    [InlineData("kafka://a/..", "'..' is no topic's name")]
    [InlineData("kafka://a/t?format=xml", "unknown format 'xml'; there are avro, json, sessions3, bulk, bulk1, doc")]
    [InlineData("kafka://a/t?registy=x", "unknown option 'registy'; kafka: takes format, registry, timeout")]
    [InlineData("kafka://a/t?registry=x", "'x' is no registry's address")]
    [InlineData("kafka://a/t?partitions=3", "unknown option 'partitions'")]
    [InlineData("kafka://embedded/t?partitions=0", "not a whole number from 1 to 1000")]
    [InlineData("kafka://embedded/t?partitions=x", "not a whole number from 1 to 1000")]
    [InlineData("kafka://a/t?timeout=-1", "not a whole number from 1 to 3600")]
    public void What_is_wrong_is_named(string uri, string message)
    {
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => SinkFactory.Create(uri, Settings));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_a_URI_is_refused_and_not_repeated()
    {
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => SinkFactory.Create("kafka://me:hunter2@a:9092/t", Settings));
        Assert.DoesNotContain("hunter2", e.Message, StringComparison.Ordinal);
        Assert.Contains("sasl.password", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("enable.idempotence", "false")]
    [InlineData("acks", "1")]
    [InlineData("request.required.acks", "0")]
    [InlineData("transactional.id", "x")]
    [InlineData("delivery.report.only.error", "true")]
    [InlineData("partitioner", "random")]
    [InlineData("bootstrap.servers", "other:9092")]
    [InlineData("test.mock.num.brokers", "3")]
    [InlineData("dotnet.producer.enable.delivery.reports", "false")]
    public void Settings_that_would_undo_a_promise_are_refused_by_name(string name, string value)
    {
        SinkSettings settings = Settings with { Kafka = new Dictionary<string, string>(StringComparer.Ordinal) { [name] = value } };
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => SinkFactory.Create("kafka://a/t", settings));
        Assert.StartsWith($"setting kafka.{name}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null:", true)]
    [InlineData("null:?format=avro", true)]
    [InlineData("null:?format=json", false)]
    public void What_is_discarded_is_made_in_the_form_that_is_named(string sink, bool avro)
    {
        ISpiSink made = SinkFactory.Create(sink, Settings);
        Assert.Equal((avro, !avro), (made.WantsAvro, made.WantsJson));
        FlowPipeException e = Assert.Throws<FlowPipeException>(() => SinkFactory.Create("null:?format=xml", Settings));
        Assert.Contains("avro or json", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sinks_of_others_are_made_by_them()
    {
        var made = new NullSink();
        SinkSettings settings = Settings with
        {
            Others = new Dictionary<string, Func<SinkUri, ISpiSink>>(StringComparer.Ordinal)
            {
                ["table"] = uri => uri.Option("rows", "") == "5 & more" ? made : throw new InvalidOperationException(),
            },
        };
        Assert.Same(made, SinkFactory.Create("table:?rows=5%20%26%20more", settings));
    }

    [Fact]
    public void Any_text_is_a_sink_or_a_message()
    {
        Gen.OneOf(
                Gen.String,
                Gen.String.Select(s => "kafka://" + s),
                Gen.String.Select(s => "avro:x?" + s),
                Gen.String.Select(s => "ndjson:" + s)
            )
            .Sample(text =>
            {
                try
                {
                    Assert.NotEmpty(SinkFactory.Create(text, Settings).Name);
                }
                catch (FlowPipeException e)
                {
                    Assert.NotEmpty(e.Message);
                }
            });
    }
}
