using static FlowPipe.Parsers.Magic.Signatures;

namespace FlowPipe.Parsers.Magic;

/// <summary>Common types besides <see cref="BasicTypes"/>, under libmagic's names.</summary>
internal static class MoreTypes
{
    private static readonly Signatures Known = new(
        // Pictures
        May("RIFF"u8, Riff),
        Is([0x49, 0x49, 0x2A, 0x00], "image/tiff"u8),
        Is([0x4D, 0x4D, 0x00, 0x2A], "image/tiff"u8),
        Is("gimp xcf"u8, "image/x-xcf"u8),
        Is("AT&TFORM"u8, "image/vnd.djvu"u8),
        May([0], IsoMedia),
        Is([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], "image/jp2"u8),
        // Sound and film
        Is("fLaC"u8, "audio/flac"u8),
        Is("MThd"u8, "audio/midi"u8),
        Is("#!AMR"u8, "audio/AMR"u8),
        Is(".snd"u8, "audio/basic"u8),
        May("FORM"u8, static file => Has(file, 8, "AIF"u8) ? "audio/x-aiff"u8 : default),
        May([0xFF], MpegAudio),
        Is([0, 0, 1, 0xBA], "video/mpeg"u8),
        Is([0, 0, 1, 0xB3], "video/mpeg"u8),
        Is([0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11], "video/x-ms-asf"u8),
        Is("FWS"u8, "application/x-shockwave-flash"u8),
        Is("ZWS"u8, "application/x-shockwave-flash"u8),
        // Archives
        Is([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"u8),
        Is([0x28, 0xB5, 0x2F, 0xFD], "application/zstd"u8),
        Is([0x04, 0x22, 0x4D, 0x18], "application/x-lz4"u8),
        Is("LZIP"u8, "application/x-lzip"u8),
        Is("!<arch>\n"u8, "application/x-archive"u8),
        Is("070701"u8, "application/x-cpio"u8),
        Is("xar!"u8, "application/x-xar"u8),
        // Programs
        May([0x7F, 0x45, 0x4C, 0x46], Elf),
        May(
            [0xCA, 0xFE, 0xBA, 0xBE],
            static file => Has(file, 4, [0, 0, 0]) ? "application/x-mach-binary"u8 : "application/x-java-applet"u8
        ),
        Is([0xCF, 0xFA, 0xED, 0xFE], "application/x-mach-binary"u8),
        Is([0xCE, 0xFA, 0xED, 0xFE], "application/x-mach-binary"u8),
        Is("\0asm"u8, "application/wasm"u8),
        // Documents and the rest
        Is([0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1], "application/x-ole-storage"u8),
        Is("{\\rtf"u8, "text/rtf"u8),
        Is("%!PS"u8, "application/postscript"u8),
        Is("SQLite format 3\0"u8, "application/vnd.sqlite3"u8),
        Is([0x4C, 0, 0, 0, 0x01, 0x14, 0x02, 0], "application/x-ms-shortcut"u8),
        Is([0x78, 0x9F, 0x3E, 0x22], "application/vnd.ms-tnef"u8),
        Is("!BDN"u8, "application/vnd.ms-outlook"u8),
        Is([0x0A, 0x0D, 0x0D, 0x0A], "application/x-pcapng"u8),
        Is([0x51, 0x46, 0x49, 0xFB], "application/x-qemu-disk"u8),
        IsAnyCase("<script"u8, "text/html"u8),
        IsAnyCase("<title"u8, "text/html"u8)
    );

    /// <summary>The type of a file of at least five bytes; empty when it is not known.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> file) => Known.TypeOf(file);

    private static ReadOnlySpan<byte> Riff(ReadOnlySpan<byte> file)
    {
        if (Has(file, 8, "WEBP"u8))
            return "image/webp"u8;
        return Has(file, 8, "AVI "u8) ? "video/x-msvideo"u8 : default;
    }

    private static ReadOnlySpan<byte> IsoMedia(ReadOnlySpan<byte> file)
    {
        if (!Has(file, 4, "ftyp"u8))
            return default;
        if (Has(file, 8, "M4A"u8))
            return "audio/x-m4a"u8;
        if (Has(file, 8, "hei"u8))
            return "image/heic"u8;
        return Has(file, 8, "avif"u8) ? "image/avif"u8 : "video/mp4"u8;
    }

    /// <summary>A frame of layer III (ISO/IEC 11172-3 section 2.4.1.3): 11 bits of sync, version, layer 01.</summary>
    private static ReadOnlySpan<byte> MpegAudio(ReadOnlySpan<byte> file) =>
        (file[1] & 0xE6) == 0xE2 && (file[1] & 0x18) != 0x08 && file[2] >> 4 is > 0 and < 15 ? "audio/mpeg"u8 : default;

    /// <summary>The kind of object, two bytes at 16 in the order that byte 5 says (System V ABI chapter 4).</summary>
    private static ReadOnlySpan<byte> Elf(ReadOnlySpan<byte> file)
    {
        if (file.Length < 18)
            return default;
        return (file[5] == 2 ? file[17] : file[16]) switch
        {
            1 => "application/x-object"u8,
            2 => "application/x-executable"u8,
            3 => "application/x-sharedlib"u8,
            4 => "application/x-coredump"u8,
            _ => default,
        };
    }
}
