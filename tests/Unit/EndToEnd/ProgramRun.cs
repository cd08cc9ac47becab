using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using FlowPipe.Tests.Unit.Schemas;

namespace FlowPipe.Tests.Unit.EndToEnd;

/// <summary>A process of its own, watched: one that does not end by itself is killed and fails its test with what it had said until then.</summary>
internal sealed partial class ProgramRun : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly CancellationTokenSource _tooLong = new();
    private readonly StringBuilder _error = new();
    private readonly MemoryStream _out = new();
    private readonly Task _reading;
    private readonly string _commandLine;
    private readonly TimeSpan _limit;

    /// <summary>Starts the program of this repository.</summary>
    public ProgramRun(params string[] args)
        : this(Executable.Path, args) { }

    /// <summary>Starts any program.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="environment">Variables beside those of this process; a null value takes one away.</param>
    /// <param name="withInput">Whether stdin is a pipe that <see cref="Input"/> writes to, rather than at its end.</param>
    /// <param name="limit">How long it may take; null for what suffices for most.</param>
    public ProgramRun(
        string program,
        string[] args,
        Dictionary<string, string?>? environment = null,
        bool withInput = false,
        TimeSpan? limit = null
    )
    {
        _limit = limit ?? Watchdog;
        _commandLine = $"{Path.GetFileName(program)} {string.Join(' ', args)}";
        var start = new ProcessStartInfo(program, args)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Path(),
        };
        foreach (
            string name in start
                .Environment.Keys.Where(static name => name.StartsWith("FLOWPIPE__", StringComparison.OrdinalIgnoreCase))
                .ToArray()
        )
            start.Environment.Remove(name);
        foreach ((string name, string? value) in environment ?? [])
            start.Environment[name] = value;
        _process = Process.Start(start)!;
        _tooLong.Token.Register(() => _process.Kill(entireProcessTree: true));
        _tooLong.CancelAfter(_limit);
        if (!withInput)
            _process.StandardInput.Close();
        _reading = Task.WhenAll(_process.StandardOutput.BaseStream.CopyToAsync(_out), ReadErrorAsync());
    }

    /// <summary>Starts <c>flowpipe</c> with signals as an interactive shell leaves them: test runners started in the background hand down an ignored SIGINT.</summary>
    public static ProgramRun WithSignals(params string[] args) =>
        new("env", ["--default-signal=INT,TERM,HUP", Executable.Path, .. args], withInput: true);

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    public Stream Input => _process.StandardInput.BaseStream;

    public bool HasEnded => _process.HasExited;

    /// <summary>The most memory that it has had resident until now, in bytes; 0 once it has ended.</summary>
    public long PeakMemory()
    {
        try
        {
            foreach (string line in File.ReadLines($"/proc/{_process.Id}/status"))
                if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                    return 1024
                        * long.Parse(
                            line.AsSpan(6).TrimEnd("kB"),
                            NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
                            CultureInfo.InvariantCulture
                        );
        }
        catch (IOException)
        {
            // It has ended.
        }
        return 0;
    }

    public string Error
    {
        get
        {
            lock (_error)
                return _error.ToString();
        }
    }

    /// <summary>Waits for these words on stderr.</summary>
    public async Task SaysAsync(string words)
    {
        while (!Error.Contains(words, StringComparison.Ordinal))
        {
            Assert.False(_process.HasExited && _reading.IsCompleted, $"{_commandLine}\nended without saying '{words}':\n{Error}");
            Assert.False(
                _tooLong.IsCancellationRequested,
                $"{_commandLine}\nkilled after {_limit.TotalSeconds:0} s, without having said '{words}':\n{Error}"
            );
            await Task.Delay(10);
        }
    }

    public void Interrupt() => Assert.Equal(0, Kill(_process.Id, SigInt));

    public void HangUp() => Assert.Equal(0, Kill(_process.Id, SigHup));

    public void Terminate() => Assert.Equal(0, Kill(_process.Id, SigTerm));

    /// <summary>Ends it with no chance to do anything more.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Kills it at once, as a machine that goes down would; nothing if it has ended.</summary>
    /// <returns>Whether it was still running.</returns>
    public async Task<bool> KillAsync()
    {
        bool running = !_process.HasExited;
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return running;
    }

    /// <summary>Waits for its end.</summary>
    public async Task<ProgramResult> EndAsync()
    {
        using (this)
        {
            await _reading;
            await _process.WaitForExitAsync();
            var result = new ProgramResult(_process.ExitCode, _out.ToArray(), Error, _commandLine);
            Assert.False(
                _tooLong.IsCancellationRequested,
                $"{_commandLine}\nhad to be killed after {_limit.TotalSeconds:0} s; stderr:\n{result.Error}"
            );
            return result;
        }
    }

    public void Dispose()
    {
        try
        {
            if (!_process.HasExited)
                _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended and been waited for.
        }
        _tooLong.Dispose();
        _process.Dispose();
    }

    private async Task ReadErrorAsync()
    {
        char[] buffer = new char[4096];
        int read;
        while ((read = await _process.StandardError.ReadAsync(buffer)) > 0)
        {
            lock (_error)
                _error.Append(buffer, 0, read);
        }
    }

    private const int SigInt = 2;
    private const int SigHup = 1;
    private const int SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
