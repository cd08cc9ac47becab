using System.Buffers.Binary;
using FlowPipe.Abstractions;
using FlowPipe.Schemas;

namespace FlowPipe.Parsers.Smb;

/// <summary>
/// Messages of SMB 1 (MS-CIFS section 2.2.3).
/// <code>
/// | FF "SMB" | command (1) | status (4) | flags (1): 80 response | flags (2): 8000 Unicode | … (20) | words (1) | words (2 each) | length of data (2) | data |
/// 06 delete:           data: | 4 | file name |
/// 2D open, A2 create:  data: | pad | file name |
/// 72 negotiate:        data: each | 2 | dialect 0 |                  response: word 0 is the dialect chosen
/// 73 session setup:    12 words, word 7 length of token:  data: | token | pad | system 0 | version 0 | domain 0 |
///                      13 words, words 7 and 8 lengths of passwords: data: | passwords | pad | user 0 | domain 0 | system 0 | version 0 |
/// 75 tree connect:     word 3 length of password:         data: | password | pad | share 0 | service 0 |
/// </code>
/// Pads put text of two bytes a character on an even offset from the beginning of the message. Numbers have their least significant byte first.
/// </summary>
internal sealed class Smb1(SmbFields fields)
{
    public const byte Protocol = 0xFF;
    private const int HeaderLength = 32;
    private const int ResponseFlag = 0x80;
    private const int UnicodeFlag = 0x8000;
    private const int MostDialects = 512;
    private const int LongestText = 1024;

    // The dialects that the client offered, as it did
    private readonly byte[] _dialects = new byte[MostDialects];
    private int _dialectsLength;

    /// <summary>Makes it as new.</summary>
    public void Reset() => _dialectsLength = 0;

    /// <summary>Reads a message.</summary>
    public void Read(Session session, Side side, ReadOnlySpan<byte> message)
    {
        if (message.Length <= HeaderLength)
            return;
        int command = message[4];
        bool isResponse = (message[9] & ResponseFlag) != 0;
        bool isUnicode = (BinaryPrimitives.ReadUInt16LittleEndian(message[10..]) & UnicodeFlag) != 0;
        var reader = new PacketReader(message[HeaderLength..]);
        ReadOnlySpan<byte> words = reader.Take(2 * reader.U8());
        reader.Skip(2);
        if (reader.Failed)
            return;
        var text = new TextReader(message, message.Length - reader.Remaining, isUnicode);
        SpiFields values = session.Fields;
        switch (command)
        {
            case 0x06 when !isResponse:
                text.Skip(1);
                AddText(values, fields.FileName, text.TakeUnterminated());
                break;
            case 0x2D or 0xA2 when !isResponse:
                text.Align();
                AddText(values, fields.FileName, text.TakeUnterminated());
                break;
            case 0x72 when isResponse:
                if (words.Length >= 26)
                    AddDialect(values, BinaryPrimitives.ReadUInt16LittleEndian(words));
                break;
            case 0x72:
                _dialectsLength = Math.Min(text.Rest.Length, MostDialects);
                text.Rest[.._dialectsLength].CopyTo(_dialects);
                break;
            case 0x73 when !isResponse:
                ReadSetup(session, side, words, text);
                break;
            case 0x75 when !isResponse && words.Length >= 8:
                text.Skip(BinaryPrimitives.ReadUInt16LittleEndian(words[6..]));
                text.Align();
                AddText(values, fields.Share, text.Take());
                break;
        }
    }

    private void ReadSetup(Session session, Side side, ReadOnlySpan<byte> words, TextReader text)
    {
        SpiFields values = session.Fields;
        if (words.Length == 24)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(words[14..]), text.Rest.Length);
            SmbSecurity.Read(fields, session, side, text.Rest[..length]);
            text.Skip(length);
            text.Align();
            AddText(values, fields.Os, text.Take());
            AddText(values, fields.Version, text.Take());
            AddText(values, fields.Domain, text.Take());
        }
        else if (words.Length == 26)
        {
            text.Skip(BinaryPrimitives.ReadUInt16LittleEndian(words[14..]) + BinaryPrimitives.ReadUInt16LittleEndian(words[16..]));
            text.Align();
            AddText(values, fields.User, text.Take());
            AddText(values, fields.Domain, text.Take());
            AddText(values, fields.Os, text.Take());
            AddText(values, fields.Version, text.Take());
        }
    }

    private void AddDialect(SpiFields values, int chosen)
    {
        ReadOnlySpan<byte> rest = _dialects.AsSpan(0, _dialectsLength);
        for (int i = 0; rest.Length > 1; i++)
        {
            ReadOnlySpan<byte> dialect = rest[1..].UpToNul();
            if (i == chosen)
            {
                AddText(values, fields.Dialect, new Text(dialect, TextEncoding.Utf8OrLatin1));
                return;
            }
            rest = rest[Math.Min(rest.Length, dialect.Length + 2)..];
        }
    }

    private static void AddText(SpiFields values, SpiField field, Text text)
    {
        if (!text.Bytes.IsEmpty)
            values.AddText(field, text.Bytes, text.Encoding);
    }

    private readonly ref struct Text(ReadOnlySpan<byte> bytes, TextEncoding encoding)
    {
        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public TextEncoding Encoding => encoding;
    }

    /// <summary>Takes texts one after the other off a message's data; those without an end are as long as the data.</summary>
    private ref struct TextReader(ReadOnlySpan<byte> message, int at, bool isUnicode)
    {
        private readonly ReadOnlySpan<byte> _message = message;
        private int _at = at;

        public readonly ReadOnlySpan<byte> Rest => _message[_at..];

        public void Skip(int count) => _at += Math.Min(count, _message.Length - _at);

        public void Align()
        {
            if (isUnicode && _at % 2 != 0)
                Skip(1);
        }

        /// <summary>A text that ends with 0; none, when it does not.</summary>
        public Text Take()
        {
            ReadOnlySpan<byte> rest = Rest;
            int end = EndOf(rest);
            if (end < 0)
            {
                _at = _message.Length;
                return default;
            }
            Skip(end + (isUnicode ? 2 : 1));
            return Make(rest[..end]);
        }

        /// <summary>A text that ends with 0 or with the message.</summary>
        public readonly Text TakeUnterminated()
        {
            ReadOnlySpan<byte> rest = Rest;
            int end = EndOf(rest);
            return Make(end < 0 ? rest : rest[..end]);
        }

        private readonly Text Make(ReadOnlySpan<byte> bytes) =>
            new(bytes[..Math.Min(bytes.Length, LongestText)], isUnicode ? TextEncoding.Utf16LittleEndian : TextEncoding.Utf8OrLatin1);

        private readonly int EndOf(ReadOnlySpan<byte> bytes)
        {
            if (!isUnicode)
                return bytes.IndexOf((byte)0);
            for (int i = 0; i + 1 < bytes.Length; i += 2)
            {
                if (bytes[i] == 0 && bytes[i + 1] == 0)
                    return i;
            }
            return -1;
        }
    }
}
