using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace FlowPipe.Tests.Kafka;

/// <summary>The schema registry of ../shared/kafka as a process of its own, where that and a JDK are; else the test is skipped.</summary>
internal sealed class RealRegistry : IAsyncDisposable
{
    private static readonly HttpClient Http = new();

    private readonly string _folder;
    private readonly string[] _options;
    private Process? _process;

    private RealRegistry(string folder, int port, string[] options, bool isTls)
    {
        _folder = folder;
        Port = port;
        _options = options;
        Url = $"{(isTls ? "https" : "http")}://127.0.0.1:{port}";
    }

    public string Url { get; }

    public int Port { get; }

    /// <summary>One that does not run yet.</summary>
    public static RealRegistry Prepare(params string[] options)
    {
        string? folder = Find();
        Assert.SkipWhen(folder is null, "../shared/kafka is not here");
        Assert.SkipUnless(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(static path => File.Exists(Path.Combine(path, "javac"))),
            "a JDK is not here"
        );
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        return new RealRegistry(folder!, port, options, options.Contains("--tls", StringComparer.Ordinal));
    }

    public static async Task<RealRegistry> StartAsync(params string[] options)
    {
        RealRegistry registry = Prepare(options);
        await registry.StartAsync();
        return registry;
    }

    public async Task StartAsync()
    {
        string libraries = $"{Path.Combine(_folder, "registry", "libs")}/*:{Path.Combine(_folder, "libs")}/*";
        var start = new ProcessStartInfo("java", ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", libraries])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        start.ArgumentList.Add(Path.Combine(_folder, "registry", "Registry.java"));
        start.ArgumentList.Add("--port");
        start.ArgumentList.Add(Port.ToString(CultureInfo.InvariantCulture));
        foreach (string option in _options)
            start.ArgumentList.Add(option);
        _process = Process.Start(start)!;
        string? said = await _process.StandardOutput.ReadLineAsync();
        Assert.StartsWith("listening", said, StringComparison.Ordinal);
    }

    /// <summary>Asks it, past FlowPipe; the answer's JSON.</summary>
    public async Task<JsonElement> AskAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, $"{Url}/{path}");
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return text.Length == 0 ? default : JsonElement.Parse(text);
    }

    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
            _process.Kill(entireProcessTree: true);
        _process?.Dispose();
        _process = null;
        return ValueTask.CompletedTask;
    }

    private static string? Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string kafka = Path.Combine(folder.FullName, "shared", "kafka");
            if (File.Exists(Path.Combine(kafka, "registry", "Registry.java")))
                return kafka;
        }
        return null;
    }
}
