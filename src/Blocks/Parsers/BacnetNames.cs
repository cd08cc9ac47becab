namespace FlowPipe.Parsers;

/// <summary>Names of the numbers in BACnet; empty for those that have none.</summary>
internal static class BacnetNames
{
    /// <summary>Functions of the virtual link control (ASHRAE 135 annex J.2).</summary>
    public static ReadOnlySpan<byte> Function(int number) =>
        number switch
        {
            0 => "result"u8,
            1 => "write-bdt"u8,
            2 => "read-bdt"u8,
            3 => "read-bdt-ack"u8,
            4 => "forwarded-npdu"u8,
            5 => "register-foreign-device"u8,
            6 => "read-fdt"u8,
            7 => "read-fdt-ack"u8,
            8 => "delete-fdt-entry"u8,
            9 => "distribute-broadcast"u8,
            10 => "original-unicast"u8,
            11 => "original-broadcast"u8,
            12 => "secured-bvll"u8,
            _ => default,
        };

    /// <summary>Types of application messages (clause 20.1).</summary>
    public static ReadOnlySpan<byte> Type(int number) =>
        number switch
        {
            0 => "confirmed-request"u8,
            1 => "unconfirmed-request"u8,
            2 => "simple-ack"u8,
            3 => "complex-ack"u8,
            4 => "segment-ack"u8,
            5 => "error"u8,
            6 => "reject"u8,
            7 => "abort"u8,
            _ => default,
        };

    /// <summary>Confirmed services (clause 21).</summary>
    public static ReadOnlySpan<byte> Confirmed(int number) =>
        number switch
        {
            0 => "acknowledge-alarm"u8,
            1 => "confirmed-cov-notification"u8,
            2 => "confirmed-event-notification"u8,
            3 => "get-alarm-summary"u8,
            4 => "get-enrollment-summary"u8,
            5 => "subscribe-cov"u8,
            6 => "atomic-read-file"u8,
            7 => "atomic-write-file"u8,
            8 => "add-list-element"u8,
            9 => "remove-list-element"u8,
            10 => "create-object"u8,
            11 => "delete-object"u8,
            12 => "read-property"u8,
            13 => "read-property-conditional"u8,
            14 => "read-property-multiple"u8,
            15 => "write-property"u8,
            16 => "write-property-multiple"u8,
            17 => "device-communication-control"u8,
            18 => "confirmed-private-transfer"u8,
            19 => "confirmed-text-message"u8,
            20 => "reinitialize-device"u8,
            21 => "vt-open"u8,
            22 => "vt-close"u8,
            23 => "vt-data"u8,
            24 => "authenticate"u8,
            25 => "request-key"u8,
            26 => "read-range"u8,
            27 => "life-safety-operation"u8,
            28 => "subscribe-cov-property"u8,
            29 => "get-event-information"u8,
            _ => default,
        };

    /// <summary>Unconfirmed services (clause 21).</summary>
    public static ReadOnlySpan<byte> Unconfirmed(int number) =>
        number switch
        {
            0 => "i-am"u8,
            1 => "i-have"u8,
            2 => "unconfirmed-cov-notification"u8,
            3 => "unconfirmed-event-notification"u8,
            4 => "unconfirmed-private-transfer"u8,
            5 => "unconfirmed-text-message"u8,
            6 => "time-synchronization"u8,
            7 => "who-has"u8,
            8 => "who-is"u8,
            9 => "utc-time-synchronization"u8,
            _ => default,
        };
}
