namespace FlowPipe.Schemas;

/// <summary>How the blocks of a container file are compressed.</summary>
public enum AvroCodec
{
    /// <summary>They are not.</summary>
    Null,

    /// <summary>RFC 1951, without zlib's header.</summary>
    Deflate,

    /// <summary>RFC 8878.</summary>
    Zstandard,
}

/// <summary>The codecs' names in a container file's header.</summary>
public static class AvroCodecNames
{
    /// <summary>All that are read and written, for messages.</summary>
    public const string All = "null, deflate, zstandard";

    /// <summary>As it stands in the header.</summary>
    public static string NameOf(AvroCodec codec) =>
        codec switch
        {
            AvroCodec.Deflate => "deflate",
            AvroCodec.Zstandard => "zstandard",
            _ => "null",
        };

    /// <summary>The codec of that name.</summary>
    /// <returns>False when it is none of <see cref="All"/>.</returns>
    public static bool TryParse(string name, out AvroCodec codec)
    {
        (bool known, codec) = name switch
        {
            "null" => (true, AvroCodec.Null),
            "deflate" => (true, AvroCodec.Deflate),
            "zstandard" => (true, AvroCodec.Zstandard),
            _ => (false, AvroCodec.Null),
        };
        return known;
    }
}
