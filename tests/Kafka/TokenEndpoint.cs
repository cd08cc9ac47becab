using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace FlowPipe.Tests.Kafka;

/// <summary>
/// An OAuth 2.0 token endpoint (RFC 6749 section 4.4, client credentials) that gives everybody with the right secret an unsecured JWT (RFC 7519
/// section 6), as Kafka's validator for tests takes it.
/// </summary>
internal sealed class TokenEndpoint : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly string _credentials;
    private readonly string _subject;

    public TokenEndpoint(string client, string secret, string subject)
    {
        _credentials = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:{secret}"));
        _subject = subject;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/token");
        probe.Stop();
        _listener.Prefixes.Add(Url + "/");
        _listener.Start();
        _ = AnswerAsync();
    }

    public string Url { get; }

    /// <summary>Tokens given.</summary>
    public int Given { get; private set; }

    public void Dispose() => _listener.Close();

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                using HttpListenerResponse response = context.Response;
                if (context.Request.Headers["Authorization"] != _credentials)
                {
                    response.StatusCode = (int)HttpStatusCode.Unauthorized;
                    continue;
                }
                response.ContentType = "application/json";
                response.OutputStream.Write(JsonSerializer.SerializeToUtf8Bytes(new { access_token = Token(), token_type = "Bearer" }));
                Given++;
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // closed
        }
    }

    private string Token()
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return $"{Part(new { alg = "none" })}.{Part(
            new
            {
                sub = _subject,
                iat = now,
                exp = now + 600,
            }
        )}.";

        static string Part(object claims) => System.Buffers.Text.Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(claims));
    }
}
