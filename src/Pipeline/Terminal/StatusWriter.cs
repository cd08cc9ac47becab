namespace FlowPipe.Pipeline.Terminal;

/// <summary>Writes to stderr: messages of one line each, and on a terminal a line that is written over until something else is to be shown.</summary>
internal sealed class StatusWriter(TextWriter error, CommandContext context)
{
    private const string EraseLine = "\r\e[K";

    private readonly Lock _lock = new();
    private bool _liveShown;

    /// <summary>A warning or an error.</summary>
    public void Message(string text) => Line("flowpipe: " + OneLine(text));

    /// <summary>A line as it is.</summary>
    public void Line(string text)
    {
        lock (_lock)
        {
            Erase();
            error.Write(text + "\n");
            error.Flush();
        }
    }

    /// <summary>Shows how far it is: in place on a terminal, else as another line.</summary>
    public void Progress(string text)
    {
        if (!context.ErrorIsTerminal)
        {
            Line(text);
            return;
        }
        int width = context.Width() - 1;
        lock (_lock)
        {
            error.Write(EraseLine + (text.Length > width ? text[..width] : text));
            error.Flush();
            _liveShown = true;
        }
    }

    /// <summary>Takes the live line away, so that what goes to stdout does not run into it.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            Erase();
            error.Flush();
        }
    }

    /// <summary>A message on one line, whatever line ends the library that it came from put into it.</summary>
    public static string OneLine(string text) =>
        text.AsSpan().IndexOfAny('\r', '\n') < 0
            ? text
            : string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    private void Erase()
    {
        if (_liveShown)
            error.Write(EraseLine);
        _liveShown = false;
    }
}
