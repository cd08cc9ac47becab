using FlowPipe.Abstractions;
using static FlowPipe.Parsers.Misc.MiscChecks;
using static FlowPipe.Parsers.Misc.Over;

namespace FlowPipe.Parsers.Misc;

/// <summary>The table of protocols that are only named, by what they are for.</summary>
internal static class Signatures
{
    /// <summary>Those known by their first bytes.</summary>
    public static readonly Signature[] ByPrefix =
    [
        // Files, downloads, money
        new("bittorrent", Tcp, "\u0013BitTorrent protocol"),
        new("bittorrent", Tcp, "BSYNC\0"),
        new("bittorrent", Udp, "d1:a"),
        new("bittorrent", Udp, "d1:r"),
        new("bittorrent", Udp, "d1:q"),
        new("bitcoin", Tcp, "\u00F9\u00BE\u00B4\u00D9"),
        new("bitcoin", Tcp, "\u00F9\u00BE\u00B4\u00FE"), // Namecoin
        // People talking
        new("jabber", Tcp, "<?xml", Check: static (_, bytes) => bytes[5..].IndexOf("jabber"u8) >= 0),
        new("flap", Tcp, "*\u0001", Check: IsFlap),
        new("whatsapp", Tcp, "ED\0\u0001"),
        new("whatsapp", Tcp, "WA", Check: IsWhatsApp),
        // Databases and caches
        new("redis", Tcp, "+PONG"),
        new("redis", Tcp, "-NOAUTH "),
        new("redis", Tcp, "*1\r\n$"),
        new("redis", Tcp, "*2\r\n$"),
        new("redis", Tcp, "*3\r\n$"),
        new("redis", Tcp, "*4\r\n$"),
        new("redis", Tcp, "*5\r\n$"),
        new("mongo", Tcp, "\0\0\0\0\u00D4\u0007\0\0", 8), // OP_QUERY
        new("mongo", Tcp, "\u00FF\u00FF\u00FF\u00FF\u00D4\u0007\0\0", 8),
        new("mongo", Tcp, "\0\0\0\0\u00DD\u0007\0\0", 8), // OP_MSG
        new("nzsql", Tcp, "\0\0\0\u0008\0\u0001\0\u0003"),
        new("cassandra", Tcp, "\0\0\0%\u0080\u0001\0\u0001\0\0\0\u000Cset_"),
        new("cassandra", Tcp, "\0\0\0\u001D\u0080\u0001\0\u0001\0\0\0\u0010desc"),
        new("aerospike", Tcp, "\u0002\u0001\0\0\0\0\0Nnode"),
        new("aerospike", Tcp, "\u0002\u0001\0\0\0\0\0#node"),
        new("memcached", Tcp, "flush_all"),
        new("memcached", Tcp, "STORED\r\n"),
        new("memcached", Tcp, "END\r\n"),
        new("memcached", Tcp, "VALUE "),
        new("memcached", Udp, "\0\0stats", 6),
        new("memcached", Udp, "\0\0gets ", 6),
        new("elasticsearch", Tcp, "ES\0\0"),
        // SMB behind the header and the two names of a NetBIOS datagram (RFC 1002 section 4.4.2)
        new("smb", Udp, "\u00FFSMB", 82),
        // Clusters and queues
        new("hbase", Tcp, "HBas\0"),
        new("hadoop", Tcp, "hrpc\t"),
        new("hdfs", Tcp, "\0\u001CP", Check: IsHdfs),
        new("hdfs", Tcp, "\0\u001CQ", Check: IsHdfs),
        new("hdfs", Tcp, "\0\u001CU", Check: IsHdfs),
        new("zookeeper", Tcp, "zk_version"),
        new("zookeeper", Tcp, "mntr\n"),
        new("zookeeper", Tcp, "\0\0\0,\0\0\0\0"),
        new("zookeeper", Tcp, "\0\0\0-\0\0\0\0"),
        new("kafka", Tcp, "\0\0", Check: IsKafka),
        new("gearman", Tcp, "\0REQ"),
        new("gearman", Tcp, "\0RES"),
        new("splunk", Tcp, "--splunk-cooked-mode"),
        new("splunk-replication", Tcp, "\0\u0006\0\0\0\u0005_raw", 6),
        // Calls of other programs
        new("thrift", Tcp, "\u0080\u0001\0\u0001\0\0\0"),
        new("thrift", Tcp, "\0\0", Check: IsFramedThrift),
        new("rmi", Tcp, "JRMI\0\u0002K"),
        new("flash-policy", Tcp, "<policy-file-request/>"),
        new("x11", Tcp, "l\0\u000B\0"),
        new("vnc", Tcp, "RFB 0", Check: static (_, bytes) => bytes.Length >= 12 && bytes[7] == '.' && bytes[11] == '\n'),
        new("gh0st", Tcp, "x", 13, IsGh0st),
        // Watching over machines
        new("nsclient", Tcp, "NSClient"),
        new("nsclient", Tcp, "None&"),
        new("zabbix", Tcp, "ZBXD\u0001"),
        new("syslog", Both, "<", Check: IsSyslog),
        new("netflow", Udp, "\0\u0005", Check: IsNetFlow),
        new("netflow", Udp, "\0\u0007", Check: IsNetFlow),
        new("netflow", Udp, "\0\t", Check: IsNetFlow),
        new("ipfix", Udp, "\0\n", Check: IsIpfix),
        new("sflow", Udp, "\0\0\0\u0005\0\0\0", Check: IsSFlow),
        // Access and routing
        new("tacacs", Both, "\u00C0\u0001\u0001", Check: IsTacacs),
        new("tacacs", Both, "\u00C0\u0001\u0002", Check: IsTacacs),
        new("tacacs", Both, "\u00C0\u0002\u0001", Check: IsTacacs),
        new("tacacs", Both, "\u00C0\u0003\u0001", Check: IsTacacs),
        new("tacacs", Both, "\u00C0\u0003\u0002", Check: IsTacacs),
        new("tacacs", Both, "\u00C1\u0001\u0001", Check: IsTacacs),
        new("tacacs", Both, "\u00C1\u0001\u0002", Check: IsTacacs),
        new("rip", Udp, "\u0001\u0001\0\0", Check: IsRip),
        new("rip", Udp, "\u0001\u0002\0\0", Check: IsRip),
        new("rip", Udp, "\u0002\u0001\0\0", Check: IsRip),
        new("rip", Udp, "\u0002\u0002\0\0", Check: IsRip),
        new("wireguard", Udp, "\u0001\0\0\0", Check: static (_, bytes) => bytes.Length == 148),
        new("wireguard", Udp, "\u0002\0\0\0", Check: static (_, bytes) => bytes.Length == 92),
        // What devices say of themselves
        new("ssdp", Udp, "M-SEARCH "),
        new("ssdp", Udp, "NOTIFY * "),
        new("ssdp", Udp, "HTTP/1.", Check: IsSsdpResponse),
        new("bjnp", Udp, "BJNP"),
        new("pjl", Tcp, "\u001B%-12345"),
        new("pjl", Tcp, "@PJL "),
        new("honeywell-tcc", Tcp, "CBKPPR\u0005P"),
        new("esio", Udp, "ESIO"),
        new("omron-fins", Tcp, "FINS\0"),
        // Games
        new("steam-friends", Udp, "VS01"),
        new("valve-a2s", Udp, "\u00FF\u00FF\u00FF\u00FFTSou"),
        new("stream-ihscp", Tcp, "\u00A4\0\0\0VT01"),
        // ONC RPC: program numbers of calls of version 2 (RFC 5531)
        new("nfs", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A3", 4),
        new("nfs", Tcp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A3", 8),
        new("portmap", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A0", 4),
        new("rstat", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A1", 4),
        new("rusers", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A2", 4),
        new("ypprog", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A4", 4),
        new("mount", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A5", 4),
        new("ypbind", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A7", 4),
        new("wall", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A8", 4),
        new("yppasswd", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00A9", 4),
        new("rquota", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00AB", 4),
        new("rexec", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00B1", 4),
        new("tfs", Udp, "\0\0\0\0\0\0\0\u0002\0\u0001\u0086\u00C5", 4),
    ];

    /// <summary>Those known by their port.</summary>
    public static readonly PortSignature[] ByPort =
    [
        new("dropbox-lan-sync", SessionType.Udp, 17500, null, static (_, bytes) => bytes.IndexOf("host_int"u8) > 0),
        new("wudo", SessionType.Tcp, 7680, Side.Server, IsDeliveryOptimization),
        new("aruba-papi", SessionType.Udp, 8211, null, static (_, bytes) => bytes.Length >= 20 && bytes.StartsWith("Ir"u8)),
        new("sccp", SessionType.Tcp, 2000, Side.Server, IsSkinny),
        new("hsrp", SessionType.Udp, 1985, null, IsHsrp),
        new("hsrpv2", SessionType.Udp, 1985, null, IsHsrp2),
        new("hsrp", SessionType.Udp, 2029, null, IsHsrp),
        new("hsrpv2", SessionType.Udp, 2029, null, IsHsrp2),
        new("safet", SessionType.Udp, 23294, null, static (_, bytes) => bytes.Length >= 24 && bytes[2] == bytes.Length),
        new("telnet", SessionType.Tcp, 23, Side.Server, static (_, bytes) => bytes.Length >= 3 && bytes[0] == 0xFF && bytes[1] >= 0xFA),
        new("whois", SessionType.Tcp, 43, Side.Server),
        new("nbds", SessionType.Udp, 138, null, static (_, bytes) => bytes.Length >= 14 && bytes[0] is >= 0x10 and <= 0x16),
        new("rdpudp", SessionType.Udp, 3389, null, static (_, bytes) => bytes.Length >= 16 && bytes[..4].IndexOfAnyExcept((byte)0xFF) < 0),
        new("ubiquiti-ubnt", SessionType.Udp, 10001, null, IsUbiquiti),
        new("plex-gdm", SessionType.Udp, 32412, null, IsPlex),
        new("plex-gdm", SessionType.Udp, 32414, null, IsPlex),
    ];
}
