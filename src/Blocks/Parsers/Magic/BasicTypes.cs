using static FlowPipe.Parsers.Magic.Signatures;

namespace FlowPipe.Parsers.Magic;

/// <summary>The types that Arkime knows without libmagic (its <c>magicMode=basic</c>), under the names that it gives them.</summary>
internal static class BasicTypes
{
    private const int TransportPacket = 188;
    private const int TarMagic = 257;

    private static ReadOnlySpan<byte> Html => "text/html"u8;
    private static ReadOnlySpan<byte> Xml => "text/xml"u8;
    private static ReadOnlySpan<byte> Svg => "image/svg+xml"u8;
    private static ReadOnlySpan<byte> Pcap => "application/vnd.tcpdump.pcap"u8;

    private static readonly Signatures Known = new(
        // Text
        IsAnyCase("<!doctype html"u8, Html),
        IsAnyCase("<html"u8, Html),
        IsAnyCase("<head"u8, Html),
        IsAnyCase("<body"u8, Html),
        IsAnyCase("<!doctype svg"u8, "text/svg+xml"u8),
        IsAnyCase("<svg"u8, "image/svg"u8),
        MayAnyCase("<?xml"u8, static file => file.IndexOf("<svg"u8) >= 0 ? Svg : Xml),
        IsAnyCase("<?php"u8, "text/x-php"u8),
        IsAnyCase("<? php"u8, "text/x-php"u8),
        May("{\""u8, static file => char.IsAsciiLetter((char)file[2]) ? "application/json"u8 : default),
        May("#!"u8, Script),
        Is("%PDF-"u8, "application/pdf"u8),
        // Pictures
        Is("GIF8"u8, "image/gif"u8),
        Is([0x89, 0x50, 0x4E, 0x47], "image/png"u8),
        May([0xFF, 0xD8, 0xFF], static file => file.Length > 10 ? "image/jpeg"u8 : default),
        Is("8BPS"u8, "image/vnd.adobe.photoshop"u8),
        Is("BM"u8, "image/x-ms-bmp"u8),
        Is([0, 0, 2, 0, 1, 0], "image/x-win-bitmap"u8),
        Is("icns"u8, "image/x-icns"u8),
        // Sound and film
        Is("ID3"u8, "audio/mpeg"u8),
        May("RIFF"u8, static file => Has(file, 8, "AVI "u8) || Has(file, 8, "WEBP"u8) ? default : "audio/x-wav"u8),
        Is("WAVE"u8, "audio/x-wav"u8),
        May("OggS"u8, Ogg),
        Is("FLV\u0001"u8, "video/x-flv"u8),
        Is("CWS"u8, "application/x-shockwave-flash"u8),
        May([0x1A, 0x45, 0xDF, 0xA3], Matroska),
        May([0], IsoMedia),
        May("G"u8, TransportStream),
        // Archives
        Is([0x1F, 0x8B], "application/x-gzip"u8),
        Is([0x1F, 0x9D], "application/x-compress"u8),
        Is("BZh"u8, "application/x-bzip2"u8),
        Is([0xFD, 0x37, 0x7A, 0x58, 0x5A], "application/x-xz"u8),
        Is("PK\u0003\u0004"u8, "application/zip"u8),
        Is("PK\u0005\u0006"u8, "application/zip"u8),
        Is("PK\u0007\u0008PK"u8, "application/zip"u8),
        Is("Rar!\u001A"u8, "application/x-rar"u8),
        Is("MSCF\0\0"u8, "application/vnd.ms-cab-compressed"u8),
        Is("!<arch>\ndebian-binary"u8, "application/x-debian-package"u8),
        Is([0xED, 0xAB, 0xEE, 0xDB], "application/x-rpm"u8),
        // Programs, fonts and the rest
        Is("MZ"u8, "application/x-dosexec"u8),
        Is([0, 1, 0, 0, 0], "application/x-font-ttf"u8),
        Is("OTTO"u8, "application/vnd.ms-opentype"u8),
        Is("wOFF"u8, "application/font-woff"u8),
        Is("wOF2"u8, "application/font-woff2"u8),
        Is("d8:announce"u8, "application/x-bittorrent"u8),
        Is([0xD4, 0xC3, 0xB2, 0xA1], Pcap),
        Is([0xA1, 0xB2, 0xC3, 0xD4], Pcap)
    );

    /// <summary>The type of a file of at least five bytes; empty when it is not known.</summary>
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> file)
    {
        ReadOnlySpan<byte> type = Known.TypeOf(file);
        if (!type.IsEmpty)
            return type;
        if (Has(file, TarMagic, "ustar"u8))
            return "application/x-tar"u8;
        if (file.IndexOf("document.write"u8) >= 0 || file.IndexOf("'use strict'"u8) >= 0)
            return "text/javascript"u8;
        return default;
    }

    /// <summary>The interpreter that the first line names.</summary>
    private static ReadOnlySpan<byte> Script(ReadOnlySpan<byte> file)
    {
        if (file.IndexOf("node"u8) >= 0)
            return "application/javascript"u8;
        if (file.IndexOf("perl"u8) >= 0)
            return "text/x-perl"u8;
        if (file.IndexOf("ruby"u8) >= 0)
            return "text/x-ruby"u8;
        return file.IndexOf("python"u8) >= 0 ? "text/x-python"u8 : "text/x-shellscript"u8;
    }

    /// <summary>The codec that the first packet names (RFC 5334); it follows the page's header of 28 bytes.</summary>
    private static ReadOnlySpan<byte> Ogg(ReadOnlySpan<byte> file)
    {
        if (Has(file, 28, "Speex   "u8) || Has(file, 29, "FLAC"u8) || Has(file, 28, "\u0001vorbis"u8))
            return "audio/ogg"u8;
        return Has(file, 28, [0x80]) && Has(file, 29, "theora"u8) ? "video/ogg"u8 : default;
    }

    /// <summary>The document type in the EBML header (RFC 8794).</summary>
    private static ReadOnlySpan<byte> Matroska(ReadOnlySpan<byte> file)
    {
        if (file.IndexOf("webm"u8) >= 0)
            return "video/webm"u8;
        return file.IndexOf("matroska"u8) >= 0 ? "video/x-matroska"u8 : default;
    }

    /// <summary>The brand in the box <c>ftyp</c> (ISO/IEC 14496-12): | length (4) | ftyp | brand (4) |.</summary>
    private static ReadOnlySpan<byte> IsoMedia(ReadOnlySpan<byte> file)
    {
        if (!Has(file, 4, "ftyp"u8))
            return default;
        if (Has(file, 8, "qt"u8))
            return "video/quicktime"u8;
        return Has(file, 8, "3g"u8) ? "video/3gpp"u8 : default;
    }

    /// <summary>Packets of 188 bytes, each of which begins with G (ISO/IEC 13818-1 section 2.4.3.2).</summary>
    private static ReadOnlySpan<byte> TransportStream(ReadOnlySpan<byte> file)
    {
        bool packets = Has(file, TransportPacket, "G"u8) && (file.Length <= 2 * TransportPacket || Has(file, 2 * TransportPacket, "G"u8));
        return packets ? "video/mp2t"u8 : default;
    }
}
