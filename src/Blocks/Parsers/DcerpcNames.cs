namespace FlowPipe.Parsers;

/// <summary>Names of the numbers in DCE/RPC; empty for those that have none here.</summary>
internal static class DcerpcNames
{
    /// <summary>Types of messages (C706 section 12.6.1).</summary>
    public static ReadOnlySpan<byte> Type(int number) =>
        number switch
        {
            0 => "request"u8,
            2 => "response"u8,
            3 => "fault"u8,
            11 => "bind"u8,
            12 => "bind-ack"u8,
            13 => "bind-nak"u8,
            14 => "alter-context"u8,
            15 => "alter-context-resp"u8,
            17 => "shutdown"u8,
            18 => "co-cancel"u8,
            19 => "orphaned"u8,
            _ => default,
        };

    /// <summary>Interfaces of Windows' services (MS-DCOM, MS-DRSR, MS-EFSR, MS-LSAD, MS-NRPC, MS-RRP, MS-SAMR, MS-SCMR, MS-SRVS, MS-TSCH and so on).</summary>
    public static ReadOnlySpan<byte> Interface(ReadOnlySpan<byte> uuid)
    {
        foreach ((byte[] known, byte[] name) in Interfaces)
        {
            if (uuid.SequenceEqual(known))
                return name;
        }
        return default;
    }

    private static readonly (byte[] Uuid, byte[] Name)[] Interfaces =
    [
        ("e3514235-4b06-11d1-ab04-00c04fc2dcd2"u8.ToArray(), "drsuapi"u8.ToArray()),
        ("12345778-1234-abcd-ef00-0123456789ac"u8.ToArray(), "samr"u8.ToArray()),
        ("12345678-1234-abcd-ef00-01234567cffb"u8.ToArray(), "netlogon"u8.ToArray()),
        ("367abb81-9844-35f1-ad32-98f038001003"u8.ToArray(), "svcctl"u8.ToArray()),
        ("4b324fc8-1670-01d3-1278-5a47bf6ee188"u8.ToArray(), "srvsvc"u8.ToArray()),
        ("1ff70682-0a51-30e8-076d-740be8cee98b"u8.ToArray(), "atsvc"u8.ToArray()),
        ("338cd001-2244-31f1-aaaa-900038001003"u8.ToArray(), "winreg"u8.ToArray()),
        ("c681d488-d850-11d0-8c52-00c04fd90f7e"u8.ToArray(), "efsrpc"u8.ToArray()),
        ("df1941c5-fe89-4e79-bf10-463657acf44d"u8.ToArray(), "efsr"u8.ToArray()),
        ("12345778-1234-abcd-ef00-0123456789ab"u8.ToArray(), "lsarpc"u8.ToArray()),
        ("6bffd098-a112-3610-9833-46c3f87e345a"u8.ToArray(), "wkssvc"u8.ToArray()),
        ("3919286a-b10c-11d0-9ba8-00c04fd92ef5"u8.ToArray(), "dssetup"u8.ToArray()),
        ("e1af8308-5d1f-11c9-91a4-08002b14a0fa"u8.ToArray(), "epmapper"u8.ToArray()),
        ("86d35949-83c9-4044-b424-db363231fd0c"u8.ToArray(), "itaskscheduler"u8.ToArray()),
        ("00000131-0000-0000-c000-000000000046"u8.ToArray(), "iremunknown"u8.ToArray()),
        ("000001a0-0000-0000-c000-000000000046"u8.ToArray(), "isystemactivator"u8.ToArray()),
        ("99fcfec4-5260-101b-bbcb-00aa0021347a"u8.ToArray(), "ioxidresolver"u8.ToArray()),
        ("00000134-0000-0000-c000-000000000046"u8.ToArray(), "iremunknown2"u8.ToArray()), // IRundown, which extends it
        ("00000143-0000-0000-c000-000000000046"u8.ToArray(), "iremunknown2"u8.ToArray()),
        ("ccd8c074-d0e5-4a40-92b4-d074faa6ba28"u8.ToArray(), "witness"u8.ToArray()),
        ("afa8bd80-7d8a-11c9-bef4-08002b102989"u8.ToArray(), "mgmt"u8.ToArray()),
        ("f5cc5a18-4264-101a-8c59-08002b2f8426"u8.ToArray(), "nspi"u8.ToArray()),
    ];
}
