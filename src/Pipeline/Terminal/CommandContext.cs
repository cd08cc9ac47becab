using System.Collections;

namespace FlowPipe.Pipeline.Terminal;

/// <summary>What a command sees of the world around it: data goes to <see cref="Out"/>, everything else to <see cref="Status"/>.</summary>
internal sealed class CommandContext
{
    private readonly Func<Stream> _openOut;
    private TextWriter? _out;

    public CommandContext(Func<Stream> openOut, TextWriter error, IDictionary environment)
    {
        _openOut = openOut;
        Environment = environment;
        Status = new StatusWriter(error, this);
    }

    /// <summary>Messages, progress, the ledger.</summary>
    public StatusWriter Status { get; }

    public IDictionary Environment { get; }

    public bool OutIsTerminal { get; init; }

    public bool ErrorIsTerminal { get; init; }

    /// <summary>Columns of the terminal.</summary>
    public Func<int> Width { get; init; } = static () => 120;

    /// <summary>Data as text. Buffered: <see cref="Flush"/> shows it.</summary>
    public TextWriter Out => _out ??= new StreamWriter(_openOut(), bufferSize: 16_384) { NewLine = "\n" };

    /// <summary>Data as bytes, after what was written as text.</summary>
    public Stream OutBytes
    {
        get
        {
            Out.Flush();
            return ((StreamWriter)Out).BaseStream;
        }
    }

    public void Flush() => _out?.Flush();

    public static CommandContext OfProcess() =>
        new(Console.OpenStandardOutput, Console.Error, System.Environment.GetEnvironmentVariables())
        {
            OutIsTerminal = !Console.IsOutputRedirected,
            ErrorIsTerminal = !Console.IsErrorRedirected,
            Width = static () => Math.Max(Console.WindowWidth, 40),
        };
}
