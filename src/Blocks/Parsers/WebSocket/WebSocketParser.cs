using System.Buffers.Binary;
using System.Text.Unicode;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.WebSocket;

/// <summary>The fields of WebSocket, and what the user has set.</summary>
internal sealed class WebSocketFields(IRegistrar registrar)
{
    public readonly SpiField Opcode = registrar.Field("websocket.opcode");
    public readonly SpiField CloseCode = registrar.Field("websocket.closeCode");
    public readonly SpiField CloseReason = registrar.Field("websocket.closeReason");
    public readonly SpiField PayloadBytes = registrar.Field("websocket.payloadBytes");
    public readonly SpiField FrameCount = registrar.Field("websocket.frameCnt");
    public readonly SpiField TextSample = registrar.Field("websocket.textSample");
    public readonly SpiField MaskedFrames = registrar.Field("websocket.maskedFromClient");

    public readonly int TextSamples = registrar.Setting(
        "websocketTextSampleCnt",
        4,
        0,
        1024,
        "Text frames of a WebSocket session of which the beginning is recorded"
    );
}

/// <summary>
/// Frames of WebSocket (RFC 6455 section 5.2).
/// <code>
/// | FIN RSV opcode (1) | MASK length (1) | longer length (0, 2 or 8) | mask (0 or 4) | payload
/// </code>
/// </summary>
internal sealed class WebSocketParser(WebSocketFields fields) : SessionParser
{
    private const int LongestSample = 256;
    private const int LongestReason = 123;
    private const int LongestHeader = 14;
    private const byte Text = 1;
    private const byte Close = 8;
    private const byte Reserved = 0x70;
    private readonly WebSocketStream _client = new(LongestHeader + LongestSample);
    private readonly WebSocketStream _server = new(LongestHeader + LongestSample);
    private long _payloadBytes;
    private int _frames;
    private int _masked;
    private int _samples;

    /// <inheritdoc/>
    public override Parsed Parse(Session session, in StreamData data)
    {
        WebSocketStream stream = data.Side == Side.Client ? _client : _server;
        if (data.GapBefore > 0)
        {
            if (data.GapBefore > stream.Skip)
                stream.Dead = true;
            stream.Skip -= data.GapBefore;
        }
        if (stream.Dead || data.Bytes.IsEmpty)
            return stream.Dead ? Parsed.SideDone : Parsed.KeepGoing;
        int skipped = (int)Math.Min(stream.Skip, data.Bytes.Length);
        stream.Skip -= skipped;
        ReadOnlySpan<byte> rest = stream.Kept.Join(session, data.Bytes[skipped..]);
        while (rest.Length > 0 && TakeFrame(session, stream, ref rest)) { }
        if (!stream.Dead && stream.Kept.Keep(session, rest))
            return Parsed.KeepGoing;
        stream.Dead = true;
        return Parsed.SideDone;
    }

    /// <inheritdoc/>
    public override void Save(Session session, bool final)
    {
        if (_frames > 0)
            session.Fields.Add(fields.FrameCount, _frames);
        if (_payloadBytes > 0)
            session.Fields.Add(fields.PayloadBytes, _payloadBytes);
        if (_masked > 0)
            session.Fields.Add(fields.MaskedFrames, _masked);
        _frames = _masked = 0;
        _payloadBytes = 0;
    }

    /// <inheritdoc/>
    public override void Free(Session session)
    {
        _client.Free(session);
        _server.Free(session);
        _frames = _masked = _samples = 0;
        _payloadBytes = 0;
    }

    /// <summary>Takes a frame off the front, or of a long one as much as is recorded; false when there is not enough of it.</summary>
    private bool TakeFrame(Session session, WebSocketStream stream, ref ReadOnlySpan<byte> rest)
    {
        var reader = new PacketReader(rest);
        byte first = reader.U8();
        byte second = reader.U8();
        ulong length = (second & 0x7FU) switch
        {
            126 => reader.U16(),
            127 => reader.U64(),
            var small => small,
        };
        bool masked = (second & 0x80) != 0;
        uint mask = masked ? reader.U32() : 0;
        if (reader.Failed)
            return false;
        if (length > int.MaxValue)
        {
            session.AddTag("websocket:bad-length"u8);
            stream.Dead = true;
            return false;
        }
        byte opcode = (byte)(first & 0xF);
        byte kind = opcode == 0 ? stream.Opcode : opcode;
        int wanted = kind is Text or Close ? (int)Math.Min(length, LongestSample) : 0;
        if (reader.Remaining < wanted)
            return false;
        ReadOnlySpan<byte> payload = reader.Take(wanted);
        Count(session, stream, opcode, (long)length, masked);
        if (kind == Text && (first & Reserved) == 0)
            AddSample(session, payload, mask);
        else if (kind == Close)
            AddClose(session, payload, mask);
        long beyond = (long)length - wanted;
        int here = (int)Math.Min(beyond, reader.Remaining);
        stream.Skip = beyond - here;
        rest = reader.Rest[here..];
        return true;
    }

    private void Count(Session session, WebSocketStream stream, byte opcode, long length, bool masked)
    {
        _frames++;
        _payloadBytes += length;
        if (masked)
            _masked++;
        if (opcode == 0)
            return;
        session.Fields.Add(fields.Opcode, NameOf(opcode));
        // Control frames may come between the frames of a message (section 5.4).
        if (opcode < Close)
            stream.Opcode = opcode;
    }

    private void AddSample(Session session, ReadOnlySpan<byte> payload, uint mask)
    {
        if (payload.IsEmpty || _samples >= fields.TextSamples)
            return;
        Span<byte> text = stackalloc byte[LongestSample];
        text = text[..Unmask(payload, mask, text)];
        if (AddValid(session, fields.TextSample, text, keepLines: true))
            _samples++;
    }

    private void AddClose(Session session, ReadOnlySpan<byte> payload, uint mask)
    {
        if (payload.Length < 2)
            return;
        Span<byte> bytes = stackalloc byte[LongestSample];
        bytes = bytes[..Unmask(payload, mask, bytes)];
        session.Fields.Add(fields.CloseCode, BinaryPrimitives.ReadUInt16BigEndian(bytes));
        AddValid(session, fields.CloseReason, bytes[2..Math.Min(bytes.Length, 2 + LongestReason)], keepLines: false);
    }

    /// <summary>Adds as much as is valid UTF-8, control characters as dots.</summary>
    private static bool AddValid(Session session, SpiField field, Span<byte> text, bool keepLines)
    {
        int valid = text.Length;
        while (valid > 0 && !Utf8.IsValid(text[..valid]))
            valid--;
        text = text[..valid];
        foreach (ref byte character in text)
        {
            if (character < 0x20 && character != '\t' && !(keepLines && character is (byte)'\r' or (byte)'\n'))
                character = (byte)'.';
        }
        if (text.Length > 0)
            session.Fields.Add(field, text);
        return text.Length > 0;
    }

    private static int Unmask(ReadOnlySpan<byte> payload, uint mask, Span<byte> plain)
    {
        for (int i = 0; i < payload.Length; i++)
            plain[i] = (byte)(payload[i] ^ (mask >> (24 - (8 * (i & 3)))));
        return payload.Length;
    }

    private static ReadOnlySpan<byte> NameOf(byte opcode) =>
        opcode switch
        {
            Text => "Text"u8,
            2 => "Binary"u8,
            3 => "0x3"u8,
            4 => "0x4"u8,
            5 => "0x5"u8,
            6 => "0x6"u8,
            7 => "0x7"u8,
            Close => "Close"u8,
            9 => "Ping"u8,
            10 => "Pong"u8,
            11 => "0xb"u8,
            12 => "0xc"u8,
            13 => "0xd"u8,
            14 => "0xe"u8,
            _ => "0xf"u8,
        };
}

/// <summary>One side's frames.</summary>
internal sealed class WebSocketStream(int longest)
{
    public readonly StreamBuffer Kept = new(longest);
    public long Skip; // bytes of a frame that are not wanted
    public byte Opcode; // of the message that is being sent
    public bool Dead;

    public void Free(Session session)
    {
        Kept.Free(session);
        Skip = 0;
        Opcode = 0;
        Dead = false;
    }
}
