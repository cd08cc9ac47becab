using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Smb;

/// <summary>
/// Messages of SMB 2 and 3 (MS-SMB2 section 2.2), several in a row if compounded.
/// <code>
/// | FE "SMB" | 64 (2) | charge (2) | status (4) | command (2) | credits (2) | flags (4): 1 response | next (4) | … (40) | body |
/// 0 negotiate, response: | 65 (2) | mode (2) | dialect (2) | … (58) offset of token (2) | its length (2) |
/// 1 session setup:       | 25 (2) | flags (1) | mode (1) | capabilities (4) | channel (4) | offset of token (2) | its length (2) |
///   its response:        | 9 (2) | flags (2) | offset of token (2) | its length (2) |
/// 3 tree connect:        | 9 (2) | flags (2) | offset of share (2) | its length (2) |
/// 5 create:              | 57 (2) | … (42) | offset of name (2) | its length (2) |
/// </code>
/// Offsets are from the message's beginning, texts are UTF-16, numbers have their least significant byte first.
/// </summary>
internal static class Smb2
{
    public const byte Protocol = 0xFE;
    private const int HeaderLength = 64;
    private const int MostCompounded = 32;
    private const int Wildcard = 0x02FF; // to an offer in SMB 1: the dialect is still to be negotiated

    /// <summary>Reads all messages in one of the transport's.</summary>
    public static void Read(SmbFields fields, Session session, Side side, ReadOnlySpan<byte> messages)
    {
        for (int i = 0; i < MostCompounded && messages.Length >= HeaderLength && messages[0] == Protocol; i++)
        {
            var reader = new PacketReader(messages);
            reader.Skip(12);
            int command = reader.U16Le();
            reader.Skip(2);
            bool isResponse = (reader.U32Le() & 1) != 0;
            uint next = reader.U32Le();
            bool isLast = next < HeaderLength || next > messages.Length;
            ReadMessage(fields, session, side, isLast ? messages : messages[..(int)next], command, isResponse);
            if (isLast)
                return;
            messages = messages[(int)next..];
        }
    }

    private static void ReadMessage(SmbFields fields, Session session, Side side, ReadOnlySpan<byte> message, int command, bool isResponse)
    {
        var body = new PacketReader(message[HeaderLength..]);
        switch (command)
        {
            case 0 when isResponse:
                body.Skip(4);
                AddDialect(fields, session.Fields, body.U16Le());
                break;
            case 1 when !fields.AsArkime:
                body.Skip(isResponse ? 4 : 12);
                if (TryPart(message, ref body, out ReadOnlySpan<byte> token) && !token.IsEmpty)
                    SmbSecurity.Read(fields, session, side, token);
                break;
            case 3 when !isResponse:
                body.Skip(4);
                if (TryPart(message, ref body, out ReadOnlySpan<byte> share) && !share.IsEmpty)
                    session.Fields.AddText(fields.Share, share, TextEncoding.Utf16LittleEndian);
                break;
            case 5 when !isResponse:
                body.Skip(44);
                // Without a name it is the share itself that is opened.
                if (TryPart(message, ref body, out ReadOnlySpan<byte> name))
                    session.Fields.AddText(fields.FileName, name, TextEncoding.Utf16LittleEndian);
                break;
        }
    }

    private static bool TryPart(ReadOnlySpan<byte> message, ref PacketReader reader, out ReadOnlySpan<byte> part)
    {
        int offset = reader.U16Le();
        int length = reader.U16Le();
        bool lies = !reader.Failed && offset >= HeaderLength && offset + length <= message.Length;
        part = lies ? message.Slice(offset, length) : default;
        return lies;
    }

    private static void AddDialect(SmbFields fields, SpiFields values, int dialect)
    {
        if (dialect is 0 or Wildcard)
            return;
        var text = new TextBuilder(stackalloc byte[16]);
        text.Append("SMB "u8);
        text.Append((dialect >> 8) & 0xF);
        text.Append("."u8);
        text.Append((dialect >> 4) & 0xF);
        text.Append("."u8);
        text.Append(dialect & 0xF);
        values.Add(fields.Dialect, text.Text);
    }
}
