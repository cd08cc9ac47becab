using System.Text.Json.Nodes;
using Avro;
using Avro.Generic;
using Avro.IO;
using FlowPipe.Abstractions;
using FlowPipe.Core.Stats;
using FlowPipe.Pipeline.Metrics;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Pipeline;

public sealed class StatsEncoderTests
{
    private static readonly string[] Since = ["kernel", "shed"];

    [Fact]
    public void WhatALiveCaptureLostIsThere()
    {
        GenericRecord read = Read(StatsSchema.Parsed);
        Assert.Equal(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["packets"] = 1000L,
                ["dropped"] = 10L,
                ["freezes"] = 2L,
            },
            read["kernel"]
        );
        Assert.Equal(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["newSessions"] = 3L,
                ["flows"] = 4L,
                ["batches"] = 5L,
            },
            read["shed"]
        );
    }

    [Fact]
    public void WhoHasTheSchemaOfBeforeReadsOnAndIsRead()
    {
        JsonNode before = JsonNode.Parse(StatsSchema.Json)!;
        JsonArray fields = before["fields"]!.AsArray();
        Assert.Equal(Since.Length, fields.RemoveAll(static field => Since.Contains((string?)field!["name"], StringComparer.Ordinal)));
        var old = (RecordSchema)Schema.Parse(before.ToJsonString());
        GenericRecord read = Read(old);
        Assert.Equal(990L, read["packets"]);

        using var bytes = new MemoryStream();
        new GenericDatumWriter<GenericRecord>(old).Write(read, new BinaryEncoder(bytes));
        bytes.Position = 0;
        GenericRecord again = new GenericDatumReader<GenericRecord>(old, StatsSchema.Parsed).Read(null!, new BinaryDecoder(bytes));
        Assert.Empty((IDictionary<string, object>)again["shed"]);
    }

    private static GenericRecord Read(RecordSchema reader)
    {
        var now = new RunSnapshot
        {
            Reader = new ReaderFigures
            {
                Packets = 990,
                KernelPackets = 1000,
                KernelDropped = 10,
                KernelFreezes = 2,
                Shed = 5,
            },
            Sessions = new SessionFigures { Refused = 3 },
            Verdicts = new Dictionary<string, long>(StringComparer.Ordinal) { ["doProcess"] = 986, ["overloadDropped"] = 4 },
        };
        // The name is that of the verdict, as figures have it.
        Assert.Equal("overloadDropped", nameof(PacketRc.OverloadDropped), ignoreCase: true);
        byte[] message = new StatsEncoder("probe").Encode(now, DateTimeOffset.UnixEpoch);
        Assert.True(new AvroSingleObject(StatsSchema.Json).TryUnframe(message, out ReadOnlyMemory<byte> record));
        return new GenericDatumReader<GenericRecord>(StatsSchema.Parsed, reader).Read(
            null!,
            new BinaryDecoder(new MemoryStream(record.ToArray()))
        );
    }
}
