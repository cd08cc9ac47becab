using FlowPipe.Abstractions;

namespace FlowPipe.Parsers.Http2;

/// <summary>Types of frames that say something (RFC 9113 section 6).</summary>
internal enum Http2FrameType : byte
{
    Data = 0,
    Headers = 1,
    ResetStream = 3,
    PushPromise = 5,
    Continuation = 9,
}

/// <summary>
/// A frame's header (RFC 9113 section 4.1).
/// <code>
/// | length (3) | type (1) | flags (1) | R stream (4) |
/// </code>
/// </summary>
internal readonly struct Http2Frame
{
    public const int HeaderLength = 9;
    private const byte EndStreamFlag = 0x1;
    private const byte EndHeadersFlag = 0x4;
    private const byte PaddedFlag = 0x8;
    private const byte PriorityFlag = 0x20;
    private readonly byte _flags;

    public Http2Frame(ReadOnlySpan<byte> header)
    {
        var reader = new PacketReader(header);
        Length = (int)reader.U24();
        Type = (Http2FrameType)reader.U8();
        _flags = reader.U8();
        Stream = reader.U32() & int.MaxValue;
    }

    public int Length { get; }

    public Http2FrameType Type { get; }

    public uint Stream { get; }

    public bool EndsStream => (_flags & EndStreamFlag) != 0 && Type is Http2FrameType.Data or Http2FrameType.Headers;

    public bool EndsHeaders => (_flags & EndHeadersFlag) != 0;

    public bool IsPadded => (_flags & PaddedFlag) != 0;

    public bool HasPriority => (_flags & PriorityFlag) != 0;

    /// <summary>Whether all of it is needed at once.</summary>
    public bool IsNeededWhole =>
        Type is Http2FrameType.Headers or Http2FrameType.PushPromise or Http2FrameType.Continuation or Http2FrameType.ResetStream;
}
