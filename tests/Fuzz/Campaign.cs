using System.Diagnostics;
using FlowPipe.Abstractions;
using FlowPipe.Parsers;
using FlowPipe.Tests.Unit.Parsers;

namespace FlowPipe.Tests.Fuzz;

/// <summary>What a target is called with.</summary>
internal delegate void Target(ReadOnlySpan<byte> input);

/// <summary>Runs a target over mutations of its seeds for as long as is asked for; always the same inputs for the same number.</summary>
internal static class Campaign
{
    /// <summary>Names, what runs, and what it begins with.</summary>
    public static IReadOnlyDictionary<string, (Target Run, Func<IEnumerable<byte[]>> Seeds)> Targets { get; } = Make();

    /// <summary>Runs until the time is over. Returns how often; throws at the first input that fails, which it writes to a file.</summary>
    public static long Run(string name, TimeSpan duration, int first = 0)
    {
        (Target run, Func<IEnumerable<byte[]>> seeds) = Targets[name];
        byte[][] inputs = [.. seeds()];
        var time = Stopwatch.StartNew();
        long runs = 0;
        for (int number = first; time.Elapsed < duration; number++)
        {
            byte[] input = Seeds.Mutate(inputs[number % inputs.Length], number);
            try
            {
                run(input);
            }
            catch (Exception e)
            {
                string file = Path.Combine(Path.GetTempPath(), $"flowpipe-fuzz-{name}-{number}");
                File.WriteAllBytes(file, input);
                throw new InvalidOperationException(
                    $"{name}, mutation {number} of {input.Length} bytes, written to {file}: {e.Message}",
                    e
                );
            }
            runs++;
        }
        return runs;
    }

    private static SortedDictionary<string, (Target Run, Func<IEnumerable<byte[]>> Seeds)> Make()
    {
        var targets = new SortedDictionary<string, (Target, Func<IEnumerable<byte[]>>)>(StringComparer.Ordinal)
        {
            ["decoder"] = (DecoderTarget.Run, Frames),
            ["fragments"] = (FragmentTarget.Run, Frames),
            ["reassembler"] = (ReassemblerTarget.Run, Frames),
            ["handshakes"] = (HandshakeTarget.Run, HandshakeTarget.Seeds),
            ["capture"] = (
                CaptureTarget.Run,
                static () => Seeds.Samples.Select(File.ReadAllBytes).Where(static bytes => bytes.Length <= 1 << 17)
            ),
        };
        var http = new ParserTarget(new HttpPlugin(), new MagicPlugin(), new SocksPlugin());
        targets.Add("http", (http.Run, static () => HttpSeeds.Http));
        targets.Add("http2", (http.Run, static () => HttpSeeds.Http2));
        targets.Add("socks", (http.Run, static () => HttpSeeds.Socks));
        targets.Add("websocket", (http.Run, static () => HttpSeeds.WebSocket));
        var mail = new ParserTarget(new SmtpPlugin(), new ImapPlugin(), new Pop3Plugin(), new FtpPlugin(), new MagicPlugin());
        targets.Add("ftp", (mail.Run, static () => MailSeeds.Ftp));
        targets.Add("imap", (mail.Run, static () => MailSeeds.Imap));
        targets.Add("pop3", (mail.Run, static () => MailSeeds.Pop3));
        targets.Add("smtp", (mail.Run, static () => MailSeeds.Smtp));
        foreach (ProtocolExample example in ProtocolExamples.All.Values)
        {
            var target = new ParserTarget(example.Type, example.Port, example.Plugin, new NtlmPlugin(), new CertificatePlugin());
            byte[] seed = ParserTarget.Seed(example.Said);
            targets.Add("parser-" + example.Name, (target.Run, () => [seed]));
        }
        var openVpn = new ParserTarget(SessionType.Udp, 1194, new OpenVpnPlugin(), new TlsPlugin());
        targets.Add("parser-openvpn", (openVpn.Run, static () => [OpenVpnSeed]));
        foreach ((string format, byte[][] captures) in FormatSeeds.All)
            targets.Add("reader-" + format, (ReaderTarget.Run, () => captures));
        foreach ((string name, Target run, byte[][] messages) in MessageTarget.All)
            targets.Add(name, (run, () => messages));
        return targets;
    }

    /// <summary>A client's reset, and a control packet with the beginning of TLS.</summary>
    private static byte[] OpenVpnSeed =>
        ParserTarget.Seed(
            [0x38, .. new byte[13]],
            [0x40, .. new byte[13]],
            [0x20, .. new byte[8], 0, 0, 0, 0, 1, 0x16, 3, 1, 0, 9, 1, 0, 0, 5, 3, 3, 0, 0, 0],
            [0x20, .. new byte[8], 1, 0, 0, 0, 1, .. new byte[8], 0, 0, 0, 1, 0x16, 3, 3, 0, 4, 11, 0, 0, 0]
        );

    /// <summary>Any piece of a capture is a frame of sorts; the pieces behind record headers are real ones.</summary>
    private static IEnumerable<byte[]> Frames()
    {
        var random = new Random(1);
        foreach (byte[] bytes in Seeds.Samples.Select(File.ReadAllBytes))
        {
            for (int i = 0; i < 200; i++)
            {
                int at = random.Next(bytes.Length);
                yield return bytes.AsSpan(at, Math.Min(random.Next(1, 200), bytes.Length - at)).ToArray();
            }
        }
    }
}
