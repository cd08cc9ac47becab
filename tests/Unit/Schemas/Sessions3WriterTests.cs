using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPipe.Schemas;

namespace FlowPipe.Tests.Unit.Schemas;

public sealed class Sessions3WriterTests
{
    private static readonly FieldDictionary Dictionary = FieldDictionary.Default;

    [Fact]
    public void DocumentHasArkimesShape()
    {
        var core = new SpiRow();
        var session = new SpiFields();
        core.Set(Dictionary["first_packet"], 1385391358382);
        core.Set(Dictionary["last_packet"], 1385391358387);
        core.Set(Dictionary["length"], 5);
        core.Set(Dictionary["id"], "0123"u8);
        core.Set(Dictionary["session.segments"], 1);
        core.Set(Dictionary["ip.protocol"], 6);
        core.Set(Dictionary["initRTT"], 0);
        core.SetIp(Dictionary["ip.src"], new UInt128(0, 0xFFFF_0AB4_9C8D));
        core.Set(Dictionary["bytes.src"], 692);
        core.Set(Dictionary["port.src"], 61450);
        core.Set(Dictionary["tcpflags.syn-ack"], 1);
        core.Set(Dictionary["tcpseq.src"], 3365067071);
        core.Set(Dictionary["node"], "test"u8);
        session.Add(Dictionary["mac.src"], "00:1f:5b:ff:51:cb"u8);
        session.Add(Dictionary["ttl.src"], 64);
        session.Add(Dictionary["protocols"], "tcp"u8);
        session.Add(Dictionary["protocols"], "http"u8);
        session.Add(Dictionary["vlan"], 5);
        JsonNode actual = JsonNode.Parse(RecordRoundTripTests.Json(Dictionary, new Sessions3Options { Extras = false }, core, session))!;
        JsonNode expected = JsonNode.Parse(
            """
            { "firstPacket": 1385391358382, "lastPacket": 1385391358387, "length": 5, "segmentCnt": 1, "node": "test",
              "protocol": ["tcp", "http"], "protocolCnt": 2, "ipProtocol": 6, "initRTT": 0, "totDataBytes": 0,
              "source": { "ip": "10.180.156.141", "port": 61450, "mac": ["00:1f:5b:ff:51:cb"], "mac-cnt": 1, "bytes": 692, "packets": 0 },
              "client": { "bytes": 0 }, "srcTTL": [64], "srcTTLCnt": 1,
              "network": { "bytes": 0, "packets": 0, "vlan": { "id": [5], "id-cnt": 1 } },
              "tcpflags": { "syn": 0, "syn-ack": 1, "ack": 0, "psh": 0, "fin": 0, "rst": 0, "urg": 0, "ece": 0, "cwr": 0, "ae": 0, "srcZero": 0, "dstZero": 0 },
              "tcpseq": { "src": 3365067071 }, "tcpSynValidated": false, "tcpSynAckValidated": false,
              "packetRange": { "gte": 1385391358382, "lte": 1385391358387 }, "fileId": [] }
            """
        )!;
        Assert.True(JsonNode.DeepEquals(expected, actual), actual.ToJsonString());
    }

    [Fact]
    public void ExtrasStandUnderFlowpipe()
    {
        var core = new SpiFields();
        core.Add(Dictionary["id"], "0123"u8);
        core.Add(Dictionary["final"], 1);
        core.Add(Dictionary["complete"], 0);
        core.Add(Dictionary["end_reason"], "fin"u8);
        JsonNode with = JsonNode.Parse(RecordRoundTripTests.Json(Dictionary, new Sessions3Options(), core))!;
        Assert.Equal("""{"id":"0123","final":true,"endReason":"fin"}""", with["flowpipe"]!.ToJsonString());
        JsonNode without = JsonNode.Parse(RecordRoundTripTests.Json(Dictionary, new Sessions3Options { Extras = false }, core))!;
        Assert.Null(without["flowpipe"]);
        Assert.Null(without["rootId"]);
    }

    [Fact]
    public void PositionsAreAbsoluteOrArkimesGaps()
    {
        var core = new SpiFields();
        AddPositions(core, "probe-261123-104120-3fa9-0007", 24, 94, 94, 94, 10, 94);
        AddPositions(core, "00ff00ff00ff00ff", 24, 24, 100);
        JsonNode absolute = JsonNode.Parse(RecordRoundTripTests.Json(Dictionary, new Sessions3Options { GapPacketPos = false }, core))!;
        Assert.Equal("[24,118,212,306,316,410,24,48,148]", absolute["packetPos"]!.ToJsonString());
        Assert.Equal("[]", absolute["fileId"]!.ToJsonString());
        JsonNode gaps = JsonNode.Parse(RecordRoundTripTests.Json(Dictionary, new Sessions3Options { GapPacketPos = true }, core))!;
        Assert.Equal("[-1,24,94,0,0,10,94,-2,24,0,100]", gaps["packetPos"]!.ToJsonString());
        Assert.Equal([-1, 24, 118, 212, 306, 316, 410, -2, 24, 48, 148], DecodeGaps(gaps["packetPos"]!.AsArray()));
    }

    [Fact]
    public void APositionBeforeTheLastIsNoFileNumber()
    {
        // A fragment that waited, and one that came from the file before.
        var core = new SpiFields();
        AddPositions(core, "00ff00ff00ff00ff", 200, 100, -180, 100, 100);
        AddPositions(core, "11ff00ff00ff00ff", 24);
        AddPositions(core, "00ff00ff00ff00ff", 500);
        JsonNode gaps = JsonNode.Parse(RecordRoundTripTests.Json(Dictionary, new Sessions3Options { GapPacketPos = true }, core))!;
        Assert.Equal("[-1,200,100,-1,120,100,0,-2,24,-1,500]", gaps["packetPos"]!.ToJsonString());
        Assert.Equal([-1, 200, 300, -1, 120, 220, 320, -2, 24, -1, 500], DecodeGaps(gaps["packetPos"]!.AsArray()));
    }

    [Fact]
    public void TextIsEscaped()
    {
        var core = new SpiFields();
        core.Add(Dictionary["node"], "\"\\\u0000\u001f\n\u007f é 漢字 🦀 </script> \u2028"u8);
        string json = RecordRoundTripTests.Json(Dictionary, new Sessions3Options(), core);
        Assert.DoesNotContain('\n', json);
        using var document = JsonDocument.Parse(json);
        Assert.Equal("\"\\\u0000\u001f\n\u007f é 漢字 🦀 </script> \u2028", document.RootElement.GetProperty("node").GetString());
    }

    [Fact]
    public void PathsThatCollideAreRefused()
    {
        const string Text = "name\tsessions3\tavro\ttype\tflags\thelp\na\tx\ta\tint\t-\ta\nb\tx.y\tb\tint\t-\tb\n";
        var e = Assert.Throws<FormatException>(() => new Sessions3Writer(null, new FieldDictionary(Text)));
        Assert.Contains("'x.y'", e.Message, StringComparison.Ordinal);
    }

    private static void AddPositions(SpiFields values, string source, params long[] gaps)
    {
        values.Begin(Dictionary["packet_pos"]);
        values.Add(Dictionary["packet_pos.source"], System.Text.Encoding.UTF8.GetBytes(source));
        values.AddPacked(Dictionary["packet_pos.gaps"], gaps.Length, ModelRecord.Pack(gaps));
        values.End(Dictionary["packet_pos"]);
    }

    /// <summary>Arkime's gaps, read as docs/records.md says.</summary>
    private static List<long> DecodeGaps(JsonArray list)
    {
        List<long> positions = [];
        long position = 0;
        long distance = 0;
        foreach (long value in list.Select(n => n!.GetValue<long>()))
        {
            if (value < 0)
            {
                positions.Add(value);
                position = distance = 0;
                continue;
            }
            distance = value == 0 ? distance : value;
            position += distance;
            positions.Add(position);
        }
        return positions;
    }
}
