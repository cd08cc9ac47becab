using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.TestSupport;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>Protocols of messages that say how long they are: what is recorded of an example, whole, in pieces, cut off and mutilated.</summary>
public sealed class ProtocolExampleTests
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Names => [.. ProtocolExamples.All.Keys];

    [Theory]
    [InlineData(
        "adb",
        """
            protocol:["adb"] tags:["adb:sync","adb:shell-v2"] adb:{"version":["0x01000001"],"versionCnt":1,"serial":["SER1"],"serialCnt":1,"systemtype":["host","device"],"systemtypeCnt":2,"command":["cnxn","auth","open","okay","wrte"],"commandCnt":5,"service":["sync","shell","reverse"],"serviceCnt":3,"maxpayload":["4096"],"maxpayloadCnt":1,"authtype":["token"],"authtypeCnt":1,"streamid":["1","2-1","3","5"],"streamidCnt":4,"sync":{"operation":["SEND","DATA","DONE"],"operationCnt":3,"path":["/a"],"pathCnt":1},"shell":{"exitcode":["42"],"exitcodeCnt":1},"forward":{"local":["tcp:1"],"localCnt":1,"remote":["tcp:2"],"remoteCnt":1,"direction":["reverse"],"directionCnt":1}}
            """
    )]
    [InlineData(
        "bacnet",
        """
            protocol:["bacnet"] bacnet:{"function":["original-broadcast","original-unicast"],"functionCnt":2,"service":["i-have","read-property"],"serviceCnt":2,"apduType":["unconfirmed-request","confirmed-request"],"apduTypeCnt":2,"objectName":["TMP"],"objectNameCnt":1}
            """
    )]
    [InlineData(
        "bgp",
        """
            protocol:["bgp"] bgp:{"type":["OPEN","KEEPALIVE"]}
            """
    )]
    [InlineData(
        "c1222",
        """
            protocol:["c1222"] c1222:{"calledApTitle":["1.3.6.1"],"calledApTitleCnt":1,"callingApTitle":["1.3.6.2"],"callingApTitleCnt":1,"calledApInvocationId":[7],"calledApInvocationIdCnt":1,"callingApInvocationId":[8],"callingApInvocationIdCnt":1,"securityMode":["ciphertext-with-auth"],"securityModeCnt":1,"responseControl":["on-exception"],"responseControlCnt":1}
            """
    )]
    [InlineData(
        "dcerpc",
        """
            protocol:["dcerpc","lsarpc"] dcerpc:{"uuid":["12345778-1234-abcd-ef00-0123456789ab"],"uuidCnt":1,"interface":["lsarpc"],"interfaceCnt":1,"msgType":["bind","bind-ack","request"],"msgTypeCnt":3,"opnum":[15],"opnumCnt":1,"version":["0"],"versionCnt":1}
            """
    )]
    [InlineData(
        "diameter",
        """
            protocol:["diameter"] diameter:{"originHost":["a.b"],"originHostCnt":1,"originRealm":["b"],"originRealmCnt":1,"user":["bob"],"userCnt":1,"cmd":["Capabilities-Exchange-Request (257)","Credit-Control-Answer (272)"],"cmdCnt":2,"app":["Common (0)","3GPP-Gx (16777238)"],"appCnt":2,"resultCode":[2001],"resultCodeCnt":1}
            """
    )]
    [InlineData(
        "dnp3",
        """
            protocol:["dnp3"] dnp3:{"src":[258,1],"srcCnt":2,"dst":[1,258],"dstCnt":2,"func":[1,129],"funcCnt":2,"funcName":["Read","Response"],"funcNameCnt":2}
            """
    )]
    [InlineData(
        "enip",
        """
            protocol:["enip","cip"] enip:{"command":["SendRRData","ListIdentity"],"commandCnt":2,"status":[0],"statusCnt":1,"service":["Get_Attribute_Single"],"serviceCnt":1,"class":["Class-0x6b"],"classCnt":1,"vendor":["Lenze"],"vendorCnt":1,"product":["DRV1"],"productCnt":1,"deviceType":["DeviceType-0x000e"],"deviceTypeCnt":1}
            """
    )]
    [InlineData(
        "irc",
        """
            protocol:["irc"] irc:{"nick":["al"],"nickCnt":1,"channel":["#x","#y"],"channelCnt":2}
            """
    )]
    [InlineData(
        "isakmp",
        """
            protocol:["isakmp"] isakmp:{"initiatorSpi":["0000000000000001"],"initiatorSpiCnt":1,"responderSpi":["0000000000000002"],"responderSpiCnt":1,"version":["1.0","2.0"],"versionCnt":2,"exchangeType":["identity-protection","ike-sa-init"],"exchangeTypeCnt":2,"vendorId":["dpd"],"vendorIdCnt":1,"encryption":["aes-cbc","aes-gcm-16"],"encryptionCnt":2,"hash":["sha1","prf-hmac-sha2-256"],"hashCnt":2,"dhGroup":["modp2048","ecp256"],"dhGroupCnt":2,"authMethod":["psk"],"authMethodCnt":1}
            """
    )]
    [InlineData(
        "krb5",
        """
            protocol:["krb5"] krb5:{"realm":["A.B"],"realmCnt":1,"cname":["krbtgt/A.B"],"cnameCnt":1,"sname":["krbtgt/A.B"],"snameCnt":1,"etype":["aes256-cts-hmac-sha1-96","rc4-hmac"],"etypeCnt":2,"error":["KDC_ERR_PREAUTH_REQUIRED"],"errorCnt":1}
            """
    )]
    [InlineData(
        "ldap",
        """
            protocol:["ldap","ntlm"] ntlm:{"domain":["DM"],"domainCnt":1,"host":["WS"],"hostCnt":1,"version":["10.0.19041"],"versionCnt":1,"type":[1],"typeCnt":1} ldap:{"authtype":["simple","ntlmsspNegotiate"],"authtypeCnt":2,"bindname":["cn=a","<ROOT>"],"bindnameCnt":2}
            """
    )]
    [InlineData(
        "m3ua",
        """
            protocol:["m3ua","sccp","camel"] m3ua:{"si":[3],"siCnt":1} sccp:{"src":[20],"srcCnt":1,"dst":[100],"dstCnt":1} tcap:{"opcode":[0],"opcodeCnt":1} camel:{"op":["initialDP"],"opCnt":1,"calling":["1234"],"callingCnt":1,"called":["567"],"calledCnt":1,"imsi":["262031"],"imsiCnt":1}
            """
    )]
    [InlineData(
        "modbus",
        """
            protocol:["modbus"] modbus:{"unitid":1,"transactionid":[7],"transactionidCnt":1,"protocolid":0,"funccode":[3],"funccodeCnt":1,"exccode":[2],"exccodeCnt":1}
            """
    )]
    [InlineData(
        "mqtt",
        """
            protocol:["mqtt"] user:["al"] mqtt:{"clientId":["c"],"clientIdCnt":1,"topic":["t","u","v"],"topicCnt":3,"version":["3.1.1"],"versionCnt":1,"type":["CONNECT","CONNACK","PUBLISH","SUBSCRIBE","UNSUBSCRIBE"],"typeCnt":5,"willTopic":["w"],"willTopicCnt":1,"qos":[1],"qosCnt":1,"flags":["hasWill","willRetain","cleanSession","hasPassword"],"flagsCnt":4,"connackCode":[0],"connackCodeCnt":1}
            """
    )]
    [InlineData(
        "mysql",
        """
            protocol:["mysql"] mysql:{"user":"root","version":"8.0.1"}
            """
    )]
    [InlineData(
        "opcua",
        """
            protocol:["opcua"] opcua:{"endpointUrl":["opc.tcp://a/"],"endpointUrlCnt":1,"securityPolicyUri":["http://p"],"securityPolicyUriCnt":1}
            """
    )]
    [InlineData(
        "oracle",
        """
            protocol:["oracle"] oracle:{"user":"al","host":"pc","service":"orcl"}
            """
    )]
    [InlineData(
        "pana",
        """
            protocol:["pana"] pana:{"user":["bob"],"userCnt":1,"msgType":["client-initiation","auth"],"msgTypeCnt":2,"sessionId":["00000102"],"sessionIdCnt":1}
            """
    )]
    [InlineData(
        "postgresql",
        """
            protocol:["postgresql"] postgresql:{"user":"al","db":"db","app":"psql"}
            """
    )]
    [InlineData(
        "ptp",
        """
            protocol:["ptp"] ptp:{"msgType":["sync"],"msgTypeCnt":1,"clockId":["00:1b:19:ff:fe:01:02:03"],"clockIdCnt":1}
            """
    )]
    [InlineData(
        "rdp",
        """
            protocol:["rdp"] user:["bob"] rdp:{"clientName":["PC"],"clientNameCnt":1,"keyboardLayout":["de-DE"],"keyboardLayoutCnt":1,"clientBuild":[2600],"clientBuildCnt":1,"requestedProtocols":["ssl","nla"],"requestedProtocolsCnt":2,"selectedProtocol":["ssl"],"selectedProtocolCnt":1}
            """
    )]
    [InlineData(
        "s7comm",
        """
            protocol:["s7comm","s7comm-plus"] s7comm:{"rosctr":[1,3],"rosctrCnt":2,"func":[4],"funcCnt":1,"funcName":["Read Var"],"funcNameCnt":1,"pduref":[5],"pdurefCnt":1,"errorClass":[129],"errorClassCnt":1,"errorCode":[4],"errorCodeCnt":1,"opcode":[49],"opcodeCnt":1}
            """
    )]
    [InlineData(
        "smb",
        """
            protocol:["smb","ntlm"] user:["bob"] ntlm:{"domain":["DOM"],"domainCnt":1,"host":["PC"],"hostCnt":1,"version":["6.1.7601"],"versionCnt":1,"type":[3],"typeCnt":1} smb:{"share":["\\\\A\\B","\\C"],"shareCnt":2,"filename":["f.txt","g"],"filenameCnt":2,"os":["OS"],"osCnt":1,"domain":["DOM","D"],"domainCnt":2,"version":["LM"],"versionCnt":1,"dialect":"SMB 3.1.1","user":["Bob"],"userCnt":1,"host":["PC"],"hostCnt":1}
            """
    )]
    [InlineData(
        "synchrophasor",
        """
            protocol:["synchrophasor"] synchrophasor:{"frameType":["command","cfg2","data"],"frameTypeCnt":3,"idcode":[9],"idcodeCnt":1,"cmd":[5],"cmdCnt":1,"station":["Station A"],"stationCnt":1,"dataRate":[30],"dataRateCnt":1,"numPMU":[1],"numPMUCnt":1}
            """
    )]
    [InlineData(
        "tds",
        """
            protocol:["tds","ntlm"] user:["al","bob"] ntlm:{"domain":["DM","DOM"],"domainCnt":2,"host":["WS","PC"],"hostCnt":2,"targetName":["TGT"],"targetNameCnt":1,"version":["10.0.19041","6.1.7601"],"versionCnt":2,"type":[1,2,3],"typeCnt":3}
            """
    )]
    public void Records(string name, string expected) => Assert.Equal(expected, Whole(ProtocolExamples.All[name]));

    /// <summary>Each has a record above.</summary>
    [Fact]
    public void AllAreRecorded() =>
        Assert.All(
            ProtocolExamples.All.Values,
            static example => Assert.Contains($"\"{example.Name}\"", Whole(example), StringComparison.Ordinal)
        );

    private static string Whole(ProtocolExample example)
    {
        MessageHarness harness = Harness(example);
        foreach ((Side side, byte[] bytes) in example.Said)
            Say(harness, side, bytes);
        return Text(harness.Document(), example.Name);
    }

    /// <summary>Behind each side's first message, bytes come one at a time: the record is the same.</summary>
    [Theory, MemberData(nameof(Names))]
    public void OneByteAtATime(string name)
    {
        ProtocolExample example = ProtocolExamples.All[name];
        if (example.Type != SessionType.Tcp)
            return; // a datagram is a message
        MessageHarness harness = Harness(example);
        bool client = false;
        bool server = false;
        foreach ((Side side, byte[] bytes) in example.Said)
        {
            ref bool spoke = ref side == Side.Client ? ref client : ref server;
            if (!spoke)
                Say(harness, side, bytes);
            else
                Array.ForEach(bytes, one => Say(harness, side, [one]));
            spoke = true;
        }
        Assert.Equal(Whole(example), Text(harness.Document(), name));
    }

    /// <summary>Each message cut off at every byte, behind a whole one, so that the parser is there; and with one byte changed.</summary>
    [Theory, MemberData(nameof(Names))]
    public void CutAndMutilated(string name)
    {
        ProtocolExample example = ProtocolExamples.All[name];
        var random = new Random(1);
        for (int i = 0; i < example.Said.Length; i++)
        {
            (Side side, byte[] bytes) = example.Said[i];
            for (int length = 0; length <= bytes.Length; length++)
            {
                byte[] changed = [.. bytes];
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
                MessageHarness cut = Harness(example);
                MessageHarness mutilated = Harness(example);
                foreach ((Side before, byte[] whole) in example.Said[..i])
                {
                    Say(cut, before, whole);
                    Say(mutilated, before, whole);
                }
                Say(cut, side, bytes[..length]);
                Say(mutilated, side, changed);
                cut.Document();
                mutilated.Document();
            }
        }
    }

    private static MessageHarness Harness(ProtocolExample example) =>
        new(example.Type, 40000, example.Port, [example.Plugin, new NtlmPlugin()]);

    private static void Say(MessageHarness harness, Side side, byte[] bytes)
    {
        if (bytes.Length > 0)
            _ = side == Side.Client ? harness.Client(bytes) : harness.Server(bytes);
    }

    /// <summary>What parsers record, in one line.</summary>
    private static string Text(JsonNode document, string name)
    {
        var parts = new List<string>();
        foreach ((string member, JsonNode? value) in document.AsObject())
        {
            if (member is "protocol" or "user" or "tags" or "ntlm" or "sccp" or "tcap" or "camel" || member == name)
                parts.Add($"{member}:{value!.ToJsonString(Relaxed)}");
        }
        return string.Join(' ', parts);
    }
}
