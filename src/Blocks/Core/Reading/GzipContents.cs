using System.Buffers.Binary;
using System.IO.Compression;

namespace FlowPipe.Core.Reading;

/// <summary>
/// What a gzip file holds, all its members one after the other (RFC 1952). The framework's own stream ends without a word where a file was cut, so
/// only the deflated data is left to it. It does not say where that ended either, but what follows is known: the checksum and the length of what it
/// gave out, eight bytes that are looked for in what it took last.
/// <code>
///  member: 1F 8B 08 flags, time (4), extra flags, system | [FEXTRA: length (2), …] [FNAME: … 00] [FCOMMENT: … 00] [FHCRC (2)]
///          deflated data …                               | CRC-32 (4), length modulo 2^32 (4)
/// </code>
/// </summary>
internal sealed class GzipContents(Stream compressed) : ReadOnlyStream
{
    /// <summary>The framework's decoder forgets what it has put into a buffer when it then meets damage: no more than that is lost.</summary>
    private const int MostLost = 1_024;

    private const int Trailer = 8;
    private const byte Deflate = 8;
    private const byte HasHeaderChecksum = 2;
    private const byte HasExtra = 4;
    private const byte HasName = 8;
    private const byte HasComment = 16;

    private readonly LastTaken _input = new(compressed);
    private DeflateStream? _member;
    private Crc32 _checksum;
    private uint _length;
    private bool _any;
    private bool _ended;

    public override int Read(Span<byte> buffer)
    {
        while (!_ended && !buffer.IsEmpty)
        {
            if (_member is null && !BeginMember())
                break;
            int read = Inflate(buffer[..Math.Min(buffer.Length, MostLost)]);
            if (read > 0)
            {
                _checksum.Add(buffer[..read]);
                _length += (uint)read;
                return read;
            }
            EndMember();
        }
        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _member?.Dispose();
            _input.Dispose();
        }
        base.Dispose(disposing);
    }

    private int Inflate(Span<byte> buffer)
    {
        try
        {
            return _member!.Read(buffer);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException("the gzip data is damaged", e);
        }
    }

    /// <summary>Reads a member's header. False at the end of the file.</summary>
    private bool BeginMember()
    {
        int first = _input.ReadByte();
        // some writers fill the last block of their medium with zeros
        while (first == 0 && _any)
            first = _input.ReadByte();
        if (first < 0)
        {
            _ended = true;
            return false;
        }
        if (first != 0x1F || Next() != 0x8B || Next() != Deflate)
        {
            _ended = true;
            throw new InvalidDataException("something that is not gzip follows the compressed data");
        }
        byte flags = Next();
        for (int i = 0; i < 6; i++)
            Next();
        if ((flags & HasExtra) != 0)
        {
            for (int left = Next() | (Next() << 8); left > 0; left--)
                Next();
        }
        if ((flags & HasName) != 0)
            SkipText();
        if ((flags & HasComment) != 0)
            SkipText();
        if ((flags & HasHeaderChecksum) != 0)
        {
            Next();
            Next();
        }
        _any = true;
        _checksum = new Crc32();
        _length = 0;
        _member = new DeflateStream(_input, CompressionMode.Decompress, leaveOpen: true);
        return true;
    }

    private void SkipText()
    {
        while (Next() != 0) { }
    }

    private byte Next()
    {
        int next = _input.ReadByte();
        if (next < 0)
            throw Cut();
        return (byte)next;
    }

    /// <summary>Finds the trailer, and so where the next member begins.</summary>
    private void EndMember()
    {
        _member!.Dispose();
        _member = null;
        if (_input.AskedPastEnd)
            throw Cut();
        Span<byte> trailer = stackalloc byte[Trailer];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _checksum.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[4..], _length);
        if (_input.GoBackBehind(trailer))
            return;
        throw _input.EndsLike(trailer) ? Cut() : new InvalidDataException("the gzip checksum is missing or wrong");
    }

    private EndOfStreamException Cut()
    {
        _ended = true;
        return new EndOfStreamException("the gzip data ends early: the file was cut, or is still being written");
    }

    /// <summary>The compressed bytes; those that were taken last can be gone through again.</summary>
    private sealed class LastTaken(Stream inner) : ReadOnlyStream
    {
        private const int BufferSize = 8 * 1024;

        private readonly byte[] _buffer = new byte[BufferSize + Trailer];
        private int _taken; // where the last read began
        private int _at;
        private int _end;

        /// <summary>Whether a read came to the end of the file.</summary>
        public bool AskedPastEnd { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (_at == _end && !Fill())
            {
                AskedPastEnd = true;
                return 0;
            }
            int length = Math.Min(buffer.Length, _end - _at);
            _buffer.AsSpan(_at, length).CopyTo(buffer);
            _taken = _at;
            _at += length;
            return length;
        }

        public override int ReadByte() => _at < _end || Fill() ? _buffer[_at++] : -1;

        /// <summary>Goes on behind these bytes, which are in what the last read took or begin there.</summary>
        public bool GoBackBehind(ReadOnlySpan<byte> trailer)
        {
            int found = _buffer.AsSpan(_taken, _end - _taken).IndexOf(trailer);
            if (found < 0)
            {
                // it may reach over the end; what follows it is waited for only then
                ReadMore(trailer.Length);
                found = _buffer.AsSpan(_taken, _end - _taken).IndexOf(trailer);
            }
            if (found < 0)
                return false;
            _at = _taken + found + trailer.Length;
            return true;
        }

        /// <summary>Whether the file ends within these bytes. That it ends right before them can't be told from wrong ones.</summary>
        public bool EndsLike(ReadOnlySpan<byte> trailer)
        {
            ReadOnlySpan<byte> rest = _buffer.AsSpan(_taken, _end - _taken);
            if (inner.ReadByte() >= 0)
                return false;
            for (int length = trailer.Length - 1; length > 0; length--)
            {
                if (rest.EndsWith(trailer[..length]))
                    return true;
            }
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }

        private bool Fill()
        {
            _taken = _at = 0;
            _end = inner.Read(_buffer, 0, BufferSize);
            return _end > 0;
        }

        private void ReadMore(int length)
        {
            int room = Math.Min(length, _buffer.Length - _end);
            _end += inner.ReadAtLeast(_buffer.AsSpan(_end, room), room, throwOnEndOfStream: false);
        }
    }
}
