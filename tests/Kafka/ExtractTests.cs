using System.Text.Json;
using FlowPipe.Tests.Unit.EndToEnd;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Kafka;

/// <summary>From a record in a topic back to its packets, in files that the replay has written.</summary>
public sealed class ExtractTests(SharedCluster cluster)
{
    [Theory]
    [InlineData("json")]
    [InlineData("avro")]
    public async Task ARecordOfATopicIsFoundByItsPlaceAndByItsId(string format)
    {
        RealKafka kafka = await cluster.KafkaAsync();
        string topic = await SharedCluster.CreateAsync(kafka, $"extract.{format}");
        using var folder = new TemporaryFolder();
        string capture = Executable.Sample("dns.pcap");
        (
            await Executable.RunAsync(
                "replay",
                "-r",
                capture,
                "--to",
                $"{topic}?format={format}",
                "--set",
                "writer.pcapWriteMethod=simple",
                "--pcap-dir",
                Path.Combine(folder.Path, "pcap")
            )
        ).Succeeded();
        string output = Path.Combine(folder.Path, "out.pcap");
        (await Executable.RunAsync("extract", topic, "-w", output)).Succeeded();
        var packets = PlainPcap.Read(capture);
        Assert.Equal(packets.OrderBy(static packet => packet.Ns), PlainPcap.Read(output));

        // each partition's second record
        int found = 0;
        for (int partition = 0; partition < 3; partition++)
        {
            string[] place = ["--partition", $"{partition}", "--offset", "1", "-n", "1"];
            string[] lines = (await Executable.RunAsync(["consume", "--from", topic, "--format", "sessions3", .. place])).Succeeded().Lines;
            if (lines.Length == 0)
                continue;
            found++;
            JsonElement record = JsonElement.Parse(lines[0]);
            (await Executable.RunAsync(["extract", topic, .. place, "-w", output])).Succeeded();
            var byPlace = PlainPcap.Read(output);
            Assert.Equal(record.GetProperty("packetLen").GetArrayLength(), byPlace.Count);
            Assert.All(byPlace, packet => Assert.Contains(packet, packets));
            string id = record.GetProperty("flowpipe").GetProperty("id").GetString()!;
            (await Executable.RunAsync("extract", topic, "--id", id, "-w", output)).Succeeded();
            Assert.Equal(byPlace, PlainPcap.Read(output));
        }
        Assert.NotEqual(0, found);
    }
}
