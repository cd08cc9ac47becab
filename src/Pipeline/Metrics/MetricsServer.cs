using System.Net;
using System.Text;
using FlowPipe.Core;
using FlowPipe.Core.Stats;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace FlowPipe.Pipeline.Metrics;

/// <summary>
/// Answers machines while a run lasts: <c>/metrics</c> for Prometheus, <c>/healthz</c> (the run has not failed), <c>/readyz</c> (sinks are open and
/// packets are taken). Only where asked for.
/// </summary>
internal sealed class MetricsServer : IDisposable
{
    private readonly HttpListener _health = new();
    private readonly Func<RunSnapshot> _snapshot;
    private readonly RunMeter _meter;
    private MeterProvider? _provider;

    private MetricsServer(Func<RunSnapshot> snapshot, KafkaStatistics kafka)
    {
        _snapshot = snapshot;
        _meter = new RunMeter(snapshot, kafka);
    }

    /// <summary>Opens the port.</summary>
    /// <param name="listen"><c>PORT</c>, on the loopback interface, or <c>HOST:PORT</c>.</param>
    /// <param name="snapshot">The run's figures; called from any thread.</param>
    /// <param name="kafka">librdkafka's figures.</param>
    /// <exception cref="FlowPipeException">It can't be had.</exception>
    public static MetricsServer Start(string listen, Func<RunSnapshot> snapshot, KafkaStatistics kafka)
    {
        if (!ListenAddress.TryParse(listen, out string host, out int port))
            throw new FlowPipeException($"metrics.listen {listen}: write PORT or HOST:PORT") { IsWrongUsage = true };
        var server = new MetricsServer(snapshot, kafka);
        try
        {
            server.Listen(host, port);
            return server;
        }
        catch (Exception e)
        {
            server.Dispose();
            if (e is HttpListenerException or System.Net.Sockets.SocketException or ArgumentException or InvalidOperationException)
                throw new FlowPipeException($"metrics.listen {listen}: it can't be listened on: {e.Message}; choose another port", e);
            throw;
        }
    }

    public void Dispose()
    {
        _provider?.Dispose();
        _health.Close();
        _meter.Dispose();
    }

    private void Listen(string host, int port)
    {
        foreach (string path in (ReadOnlySpan<string>)["healthz", "readyz"])
            _health.Prefixes.Add($"http://{host}:{port}/{path}/");
        _health.Start();
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(RunMeter.Name)
            .AddPrometheusHttpListener(options =>
            {
                options.Host = host;
                options.Port = port;
                options.ScopeInfoEnabled = false;
                options.TargetInfoEnabled = false;
            })
            .Build();
        _ = AnswerAsync();
    }

    private async Task AnswerAsync()
    {
        while (_health.IsListening)
        {
            HttpListenerContext request;
            try
            {
                request = await _health.GetContextAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return; // closed
            }
            Answer(request);
        }
    }

    private void Answer(HttpListenerContext request)
    {
        string state = _snapshot().State;
        bool isReadiness = request.Request.Url?.AbsolutePath.StartsWith("/readyz", StringComparison.Ordinal) ?? false;
        bool isGood = isReadiness ? state == "reading" : state != "failed";
        try
        {
            using HttpListenerResponse response = request.Response;
            response.StatusCode = (int)(isGood ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable);
            response.ContentType = "text/plain; charset=utf-8";
            response.OutputStream.Write(Encoding.UTF8.GetBytes(state + "\n"));
        }
        catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Whoever asked has gone away.
        }
    }
}
