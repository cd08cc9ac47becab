using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Parsers.Adb;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers;

/// <summary>
/// Android's debug bridge (AOSP, packages/modules/adb/protocol.txt, SERVICES.TXT, SYNC.TXT).
/// <code>
/// with devices: | command (4 characters) | argument (4) | argument (4) | length of data (4) | checksum (4) | command inverted (4) | data |
///   CNXN: version, longest data | "system:serial:banner"      AUTH: 1 token, 2 signature, 3 RSA key     STLS: version
///   OPEN: own id, 0 | service       OKAY: own id, remote id       WRTE: own id, remote id | bytes       CLSE
/// with the server on this machine: | length, 4 hexadecimal digits | service |
/// </code>
/// Numbers have their least significant byte first.
/// </summary>
public sealed class AdbPlugin : IFlowPipePlugin
{
    private const ushort ServerPort = 5037;
    private const ushort DevicePort = 5555;

    /// <inheritdoc/>
    public string Name => "adb";

    /// <inheritdoc/>
    public void Register(IRegistrar registrar)
    {
        var fields = new AdbFields(registrar);
        ParserKind<AdbParser> kind = registrar.Parser("adb", () => new AdbParser(fields));
        ParserKind<AdbServerParser> server = registrar.Parser("adb-server", () => new AdbServerParser(fields));
        Classifier device = (session, _, bytes) =>
        {
            if (bytes.Length < AdbParser.HeaderLength || AdbParser.CommandOf(bytes).IsEmpty)
                return;
            session.AddProtocol("adb"u8);
            session.Add(kind);
        };
        registrar.Port("adb", SessionType.Tcp, DevicePort, null, device);
        registrar.Tcp("adb", 0, "CNXN"u8, device);
        registrar.Tcp("adb", 0, "AUTH"u8, device);
        registrar.Port(
            "adb",
            SessionType.Tcp,
            ServerPort,
            null,
            (session, _, bytes) =>
            {
                if (AdbServerParser.LengthOf(bytes) <= 0)
                    return;
                session.AddProtocol("adb"u8);
                session.Add(server);
            }
        );
    }
}

/// <summary>Parses messages with devices; files' contents are stepped over.</summary>
internal sealed class AdbParser(AdbFields fields) : MessageParser(Longest)
{
    public const int HeaderLength = 24;
    private const int Longest = 8 * 1024;
    private const int LongestService = 512;
    private bool _clientTls;
    private bool _serverTls;
    private bool _syncs;
    private bool _shell;

    /// <summary>The command of a message, in lower case; empty when there is none of its form.</summary>
    public static ReadOnlySpan<byte> CommandOf(ReadOnlySpan<byte> bytes)
    {
        uint command = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[20..]) != ~command)
            return default;
        return command switch
        {
            0x434E_5953 => "sync"u8,
            0x4E58_4E43 => "cnxn"u8,
            0x4E45_504F => "open"u8,
            0x5941_4B4F => "okay"u8,
            0x4553_4C43 => "clse"u8,
            0x4554_5257 => "wrte"u8,
            0x4854_5541 => "auth"u8,
            0x534C_5453 => "stls"u8,
            _ => default,
        };
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        if (!_clientTls || !_serverTls || data.Bytes.IsEmpty)
            return base.Parse(session, data);
        session.Classify(data.Side, data.Bytes);
        return Parsed.Unregister;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        base.Free(session);
        _clientTls = _serverTls = _syncs = _shell = false;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderLength)
            return Incomplete;
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[12..]);
        return CommandOf(bytes).IsEmpty || length > int.MaxValue - HeaderLength ? Malformed : HeaderLength + (int)length;
    }

    /// <inheritdoc/>
    protected override bool SkipsLong(Session session, Side side, ReadOnlySpan<byte> beginning, int length)
    {
        session.Fields.Add(fields.Command, CommandOf(beginning));
        return true;
    }

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> command = CommandOf(message);
        session.Fields.Add(fields.Command, command);
        uint first = BinaryPrimitives.ReadUInt32LittleEndian(message[4..]);
        uint second = BinaryPrimitives.ReadUInt32LittleEndian(message[8..]);
        ReadOnlySpan<byte> data = message[HeaderLength..];
        switch (command)
        {
            case [(byte)'c', (byte)'n', ..]:
                ReadConnect(session.Fields, first, second, data);
                break;
            case [(byte)'o', (byte)'p', ..]:
                ReadOpen(session, first, data);
                break;
            case [(byte)'o', (byte)'k', ..]:
                AddStream(session.Fields, first, second);
                break;
            case [(byte)'a', ..]:
                session.Fields.Add(
                    fields.AuthType,
                    first switch
                    {
                        1 => "token"u8,
                        2 => "signature"u8,
                        3 => "rsapublickey"u8,
                        _ => "unknown"u8,
                    }
                );
                break;
            case [(byte)'s', (byte)'t', ..]:
                StartTls(session, side);
                break;
            case [(byte)'w', ..]:
                if (_syncs)
                    AdbPayloads.ReadSync(fields, session.Fields, data);
                if (_shell)
                    AdbPayloads.ReadShell(fields, session.Fields, data);
                break;
        }
        return true;
    }

    private void StartTls(Session session, Side side)
    {
        session.AddTag("adb:tls"u8);
        _clientTls |= side == Side.Client;
        _serverTls |= side == Side.Server;
        if (_clientTls && _serverTls)
            session.AddTag("adb:tls-encrypted"u8);
    }

    private void ReadConnect(SpiFields values, uint version, uint longest, ReadOnlySpan<byte> banner)
    {
        Span<byte> text = stackalloc byte[16];
        "0x"u8.CopyTo(text);
        version.TryFormat(text[2..], out int digits, "x8", System.Globalization.CultureInfo.InvariantCulture);
        values.Add(fields.Version, text[..(2 + digits)]);
        longest.TryFormat(text, out digits, default, System.Globalization.CultureInfo.InvariantCulture);
        values.Add(fields.MaxPayload, text[..digits]);
        int colon = banner.IndexOf((byte)':');
        if (colon < 0)
            return;
        if (colon > 0)
            values.AddLower(fields.SystemType, banner[..colon]);
        banner = banner[(colon + 1)..];
        colon = banner.IndexOf((byte)':');
        if (colon > 0)
            values.AddText(fields.Serial, banner[..colon], TextEncoding.Utf8OrLatin1);
    }

    private void ReadOpen(Session session, uint stream, ReadOnlySpan<byte> service)
    {
        var text = new TextBuilder(stackalloc byte[16]);
        text.Append(stream);
        session.Fields.Add(fields.StreamId, text.Text);
        service = service[..Math.Min(service.Length, LongestService)].UpToNul();
        if (service.IsEmpty)
            return;
        if (service.StartsWith("sync:"u8))
        {
            _syncs = true;
            session.AddTag("adb:sync"u8);
        }
        if (IsShell2(service))
        {
            _shell = true;
            session.AddTag("adb:shell-v2"u8);
        }
        AdbPayloads.AddForward(fields, session.Fields, service);
        int end = service.IndexOfAny((byte)':', (byte)',');
        session.Fields.AddLower(fields.Service, end > 0 ? service[..end] : service);
    }

    /// <summary>Whether a service is <c>shell,v2[,ARGUMENT…]:COMMAND</c>, the one with packets.</summary>
    private static bool IsShell2(ReadOnlySpan<byte> service) =>
        Lines.StartsWith(service, "shell,v2"u8) && service.Length > 8 && service[8] is (byte)',' or (byte)':';

    private void AddStream(SpiFields values, uint own, uint remote)
    {
        var text = new TextBuilder(stackalloc byte[32]);
        text.Append(own);
        text.Append("-"u8);
        text.Append(remote);
        values.Add(fields.StreamId, text.Text);
    }
}

/// <summary>Parses what clients ask the server on their machine.</summary>
internal sealed class AdbServerParser(AdbFields fields) : MessageParser(LengthDigits + LongestService)
{
    private const int LengthDigits = 4;
    private const int LongestService = 4096;

    /// <summary>The length in front; −1 when there is none.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthDigits)
            return -1;
        int length = 0;
        foreach (byte digit in bytes[..LengthDigits])
        {
            int value = Hex.Value(digit);
            if (value < 0)
                return -1;
            length = (length << 4) | value;
        }
        return length <= LongestService ? length : -1;
    }

    /// <inheritdoc/>
    protected override int Measure(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < LengthDigits)
            return Incomplete;
        int length = LengthOf(bytes);
        return length < 0 ? Malformed : LengthDigits + length;
    }

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data) =>
        data.Side == Side.Client ? base.Parse(session, data) : Parsed.KeepGoing; // answers are "OKAY", "FAIL" and bytes

    /// <inheritdoc/>
    protected override bool Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        ReadOnlySpan<byte> service = message[LengthDigits..];
        if (service.IsEmpty)
            return true;
        AdbPayloads.AddForward(fields, session.Fields, service.StartsWith("host:"u8) ? service["host:".Length..] : service);
        int end = service.IndexOf((byte)':');
        session.Fields.AddLower(fields.Service, end > 0 ? service[..end] : service);
        return true;
    }
}
