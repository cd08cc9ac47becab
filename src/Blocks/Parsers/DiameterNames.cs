namespace FlowPipe.Parsers;

/// <summary>Names of the numbers in Diameter; empty for those that have none here.</summary>
internal static class DiameterNames
{
    /// <summary>Commands (RFC 6733 section 3.1, RFC 8506, 3GPP TS 29.229, TS 29.272).</summary>
    public static ReadOnlySpan<byte> Command(int number) =>
        number switch
        {
            257 => "Capabilities-Exchange"u8,
            258 => "Re-Auth"u8,
            271 => "Accounting"u8,
            272 => "Credit-Control"u8,
            274 => "Abort-Session"u8,
            275 => "Session-Termination"u8,
            280 => "Device-Watchdog"u8,
            282 => "Disconnect-Peer"u8,
            300 => "User-Authorization"u8,
            301 => "Server-Assignment"u8,
            302 => "Location-Info"u8,
            303 => "Multimedia-Auth"u8,
            304 => "Registration-Termination"u8,
            305 => "Push-Profile"u8,
            306 => "User-Data"u8,
            307 => "Profile-Update"u8,
            308 => "Subscribe-Notifications"u8,
            309 => "Push-Notification"u8,
            316 => "Update-Location"u8,
            317 => "Cancel-Location"u8,
            318 => "Authentication-Information"u8,
            319 => "Insert-Subscriber-Data"u8,
            320 => "Delete-Subscriber-Data"u8,
            321 => "Purge-UE"u8,
            322 => "Reset"u8,
            323 => "Notify"u8,
            _ => default,
        };

    /// <summary>Applications (IANA, aaa-parameters).</summary>
    public static ReadOnlySpan<byte> Application(uint number) =>
        number switch
        {
            0 => "Common"u8,
            1 => "NASREQ"u8,
            2 => "Mobile-IPv4"u8,
            3 => "Base-Accounting"u8,
            4 => "Credit-Control"u8,
            5 => "EAP"u8,
            6 => "SIP"u8,
            7 => "MIP6I"u8,
            8 => "MIP6A"u8,
            9 => "QoS"u8,
            0xFFFF_FFFF => "Relay"u8,
            16_777_216 => "3GPP-Cx"u8,
            16_777_217 => "3GPP-Sh"u8,
            16_777_236 => "3GPP-Rx"u8,
            16_777_238 => "3GPP-Gx"u8,
            16_777_251 => "3GPP-S6a"u8,
            16_777_252 => "3GPP-S13"u8,
            16_777_255 => "3GPP-SLg"u8,
            16_777_265 => "3GPP-SWm"u8,
            16_777_272 => "3GPP-SWx"u8,
            16_777_291 => "3GPP-S6b"u8,
            _ => default,
        };
}
