using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace FlowPipe.Schemas.Registry;

/// <summary>
/// Requests to a registry that may be slow, down, or several: every address has a time limit and a circuit breaker of its own; a request goes to
/// the one that answered last, then to the others, and the whole round is repeated with growing, jittered pauses. Safe for several threads.
/// </summary>
internal sealed class RegistryHttp : IDisposable
{
    private const string MediaType = "application/vnd.schemaregistry.v1+json";
    private const int AnswerBytesMax = 16 * 1024 * 1024;

    private readonly HttpClient _http;
    private readonly Endpoint[] _endpoints;
    private readonly ResiliencePipeline<RegistryAnswer> _rounds;
    private int _preferred;

    public RegistryHttp(RegistrySettings settings)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // credentials are not for whoever a redirect names
            PooledConnectionLifetime = TimeSpan.FromMinutes(5), // addresses behind a name change
            SslOptions = RegistryTls.Options(settings),
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = AnswerBytesMax };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(MediaType));
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("flowpipe");
        if (settings.BasicAuth.Length > 0)
        {
            string encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(settings.BasicAuth));
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", encoded);
        }

        _endpoints = new Endpoint[settings.Urls.Count];
        for (int i = 0; i < _endpoints.Length; i++)
            _endpoints[i] = new Endpoint(settings.Urls[i].TrimEnd('/'), TimeSpan.FromMilliseconds(settings.RequestTimeoutMs));
        _rounds = Rounds(settings);
    }

    /// <summary>All addresses, for messages.</summary>
    public string Name => string.Join(", ", Array.ConvertAll(_endpoints, static endpoint => endpoint.Url));

    /// <summary>Asks until somebody has answered.</summary>
    /// <exception cref="SchemaRegistryException">Nobody has.</exception>
    public async Task<RegistryAnswer> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken stop)
    {
        try
        {
            RegistryAnswer answer = await _rounds
                .ExecuteAsync(async token => await RoundAsync(method, path, body, token).ConfigureAwait(false), stop)
                .ConfigureAwait(false);
            return answer.IsTransient
                ? throw new SchemaRegistryException(RegistryFault.Unreachable, $"schema registry {answer.Url}: {answer.Reason}")
                : answer;
        }
        catch (Exception e) when (IsTransient(e))
        {
            throw new SchemaRegistryException(RegistryFault.Unreachable, $"schema registry {Name}: {LastReason(e)}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Each address once, from the one that answered last.</summary>
    private async Task<RegistryAnswer> RoundAsync(HttpMethod method, string path, byte[]? body, CancellationToken stop)
    {
        int first = Volatile.Read(ref _preferred);
        for (int i = 0; ; i++)
        {
            int number = (first + i) % _endpoints.Length;
            Endpoint endpoint = _endpoints[number];
            bool isLast = i == _endpoints.Length - 1;
            try
            {
                RegistryAnswer answer = await endpoint
                    .Guard.ExecuteAsync(async token => await AskAsync(endpoint, method, path, body, token).ConfigureAwait(false), stop)
                    .ConfigureAwait(false);
                if (!answer.IsTransient)
                {
                    Volatile.Write(ref _preferred, number);
                    return answer;
                }
                endpoint.LastReason = answer.Reason;
                if (isLast)
                    return answer;
            }
            catch (Exception e) when (IsTransient(e))
            {
                if (e is not BrokenCircuitException)
                    endpoint.LastReason = ReasonOf(e);
                if (isLast)
                    throw;
            }
        }
    }

    private async Task<RegistryAnswer> AskAsync(Endpoint endpoint, HttpMethod method, string path, byte[]? body, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(method, $"{endpoint.Url}/{path}");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(MediaType);
        }
        using HttpResponseMessage response = await _http.SendAsync(request, stop).ConfigureAwait(false);
        byte[] bytes = await response.Content.ReadAsByteArrayAsync(stop).ConfigureAwait(false);
        return new RegistryAnswer(response.StatusCode, Parse(bytes), endpoint.Url);
    }

    private static JsonElement Parse(byte[] bytes)
    {
        try
        {
            return bytes.Length == 0 ? default : JsonElement.Parse(bytes);
        }
        catch (JsonException)
        {
            return default; // a proxy's page, perhaps: the status says enough
        }
    }

    private static ResiliencePipeline<RegistryAnswer> Rounds(RegistrySettings settings)
    {
        var builder = new ResiliencePipelineBuilder<RegistryAnswer>();
        if (settings.MaxRetries > 0)
        {
            builder.AddRetry(
                new RetryStrategyOptions<RegistryAnswer>
                {
                    ShouldHandle = static args => ValueTask.FromResult(IsTransient(args.Outcome)),
                    MaxRetryAttempts = settings.MaxRetries,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = TimeSpan.FromMilliseconds(settings.RetryWaitMs),
                    MaxDelay = TimeSpan.FromMilliseconds(settings.RetryMaxWaitMs),
                }
            );
        }
        return builder.Build();
    }

    private string LastReason(Exception e)
    {
        foreach (Endpoint endpoint in _endpoints)
        {
            if (endpoint.LastReason is { } reason)
                return reason;
        }
        return ReasonOf(e);
    }

    private static string ReasonOf(Exception e) =>
        e is TimeoutRejectedException timeout
            ? string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"no answer in {timeout.Timeout.TotalSeconds:0.###} s (schema.registry.request.timeout.ms)"
            )
        : e.InnerException is System.Security.Authentication.AuthenticationException tls ? $"TLS: {tls.Message}"
        : e.Message;

    private static bool IsTransient(Outcome<RegistryAnswer> outcome) =>
        outcome.Exception is { } e ? IsTransient(e) : outcome.Result.IsTransient;

    private static bool IsTransient(Exception e) =>
        e is HttpRequestException or IOException or TimeoutRejectedException or BrokenCircuitException;

    /// <summary>An address with what guards it.</summary>
    private sealed class Endpoint
    {
        private volatile string? _lastReason;

        public Endpoint(string url, TimeSpan timeout)
        {
            Url = url;
            Guard = new ResiliencePipelineBuilder<RegistryAnswer>()
                .AddCircuitBreaker(
                    new CircuitBreakerStrategyOptions<RegistryAnswer>
                    {
                        ShouldHandle = static args => ValueTask.FromResult(IsTransient(args.Outcome)),
                        FailureRatio = 0.9,
                        MinimumThroughput = 8,
                        SamplingDuration = TimeSpan.FromSeconds(30),
                        BreakDuration = TimeSpan.FromSeconds(2),
                    }
                )
                .AddTimeout(timeout)
                .Build();
        }

        public string Url { get; }

        /// <summary>Time limit inside of the breaker, so that slowness opens it too.</summary>
        public ResiliencePipeline<RegistryAnswer> Guard { get; }

        /// <summary>Why it failed last.</summary>
        public string? LastReason
        {
            get => _lastReason;
            set => _lastReason = value;
        }
    }
}
