using System.Text;
using FlowPipe.Parsers.Magic;

namespace FlowPipe.Tests.Unit.Parsers;

/// <summary>File types by what the formats' specifications have files begin with.</summary>
public sealed class MagicTests
{
    [Theory]
    [InlineData("<!DOCTYPE html>", "text/html")]
    [InlineData("<HTML>", "text/html")]
    [InlineData("<?xml version=\"1.0\"?>", "text/xml")]
    [InlineData("<?XML version=\"1.0\"?><svg>", "image/svg+xml")]
    [InlineData("<?php echo 1;", "text/x-php")]
    [InlineData("{\"a\":1}", "application/json")]
    [InlineData("{\"1\":1}", "")]
    [InlineData("#!/usr/bin/env python\n", "text/x-python")]
    [InlineData("#!/bin/sh\n", "text/x-shellscript")]
    [InlineData("%PDF-1.7", "application/pdf")]
    [InlineData("GIF89a", "image/gif")]
    [InlineData("\u0089PNG\r\n", "image/png")]
    [InlineData("\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF\0", "image/jpeg")]
    [InlineData("RIFF\0\0\0\0WAVEfmt ", "audio/x-wav")]
    [InlineData("\u001f\u008b\u0008\0\0", "application/x-gzip")]
    [InlineData("PK\u0003\u0004\u0014", "application/zip")]
    [InlineData("Rar!\u001a\u0007", "application/x-rar")]
    [InlineData("MZ\u0090\0\u0003", "application/x-dosexec")]
    [InlineData("\0\0\0\u0018ftypqt  ", "video/quicktime")]
    [InlineData("\0\0\0\u0018ftyp3gp4", "video/3gpp")]
    [InlineData("\0\u0001\0\0\0", "application/x-font-ttf")]
    [InlineData("\u001aE\u00df\u00a3....matroska", "video/x-matroska")]
    [InlineData("\u00d4\u00c3\u00b2\u00a1\u0002\0", "application/vnd.tcpdump.pcap")]
    [InlineData("var a; document.write(a)", "text/javascript")]
    [InlineData("hello world", "")]
    [InlineData("GET / HTTP/1.1", "")]
    public void Basic(string file, string type) => Assert.Equal(type, Text(BasicTypes.Of(Encoding.Latin1.GetBytes(file))));

    [Theory]
    [InlineData("\u007fELF\u0002\u0001\u0001\0\0\0\0\0\0\0\0\0\u0003\0", "application/x-sharedlib")]
    [InlineData("\u007fELF\u0002\u0002\u0001\0\0\0\0\0\0\0\0\0\0\u0002", "application/x-executable")]
    [InlineData("\u00ca\u00fe\u00ba\u00be\0\0\0\u0034", "application/x-mach-binary")]
    [InlineData("\u00ca\u00fe\u00ba\u00be\0\0\u0001\u0034", "application/x-java-applet")]
    [InlineData("RIFF\0\0\0\0WEBPVP8 ", "image/webp")]
    [InlineData("\0\0\0\u0020ftypisom", "video/mp4")]
    [InlineData("7z\u00bc\u00af\u0027\u001c", "application/x-7z-compressed")]
    [InlineData("\u00ff\u00fb\u0090\u0064\0", "audio/mpeg")]
    [InlineData("\u00ff\u00ff\u00ff\u00ff\u00ff", "")]
    [InlineData("SQLite format 3\0", "application/vnd.sqlite3")]
    [InlineData("hello world", "")]
    public void More(string file, string type)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(file);
        Assert.Equal("", Text(BasicTypes.Of(bytes)));
        Assert.Equal(type, Text(MoreTypes.Of(bytes)));
    }

    [Fact]
    public void ByWhatLiesFurtherIn()
    {
        byte[] tar = new byte[512];
        "ustar"u8.CopyTo(tar.AsSpan(257));
        tar[0] = (byte)'x';
        Assert.Equal("application/x-tar", Text(BasicTypes.Of(tar)));
        byte[] stream = new byte[400];
        stream[0] = stream[188] = stream[376] = (byte)'G';
        Assert.Equal("video/mp2t", Text(BasicTypes.Of(stream)));
        stream[376] = 0;
        Assert.Equal("", Text(BasicTypes.Of(stream)));
    }

    /// <summary>Whatever it begins with, and however short it is.</summary>
    [Fact]
    public void NothingIsReadBeyondTheEnd()
    {
        byte[] file = new byte[5];
        for (int first = 0; first < 65_536; first++)
        {
            file[0] = (byte)(first >> 8);
            file[1] = (byte)first;
            BasicTypes.Of(file);
            MoreTypes.Of(file);
        }
    }

    private static string Text(ReadOnlySpan<byte> type) => Encoding.ASCII.GetString(type);
}
