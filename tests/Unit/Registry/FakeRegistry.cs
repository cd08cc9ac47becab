using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace FlowPipe.Tests.Unit.Registry;

/// <summary>A request as the registry got it.</summary>
internal sealed record RegistryRequest(string Method, string Path, string Body, string? Authorization);

/// <summary>An HTTP server that answers as a test says, and remembers what it was asked.</summary>
internal sealed class FakeRegistry : IDisposable
{
    private readonly HttpListener _listener;

    /// <param name="answer">Status and body for each request; a negative status for no answer at all.</param>
    public FakeRegistry(Func<RegistryRequest, (int Status, string Body)> answer)
    {
        Answer = answer;
        (_listener, Url) = Listen();
        _ = ServeAsync();
    }

    public string Url { get; }

    public ConcurrentQueue<RegistryRequest> Requests { get; } = new();

    public Func<RegistryRequest, (int Status, string Body)> Answer { get; set; }

    /// <summary>A registry that knows this one schema by this number.</summary>
    public static FakeRegistry Of(int id, string subject) =>
        new(request =>
            request switch
            {
                { Method: "POST" } when request.Path == $"/subjects/{subject}" => (
                    200,
                    $$"""{"subject":"{{subject}}","id":{{id}},"version":1,"schema":""}"""
                ),
                { Method: "GET" } when request.Path == $"/subjects/{subject}/versions" => (200, "[1]"),
                { Method: "GET" } when request.Path.EndsWith("/versions", StringComparison.Ordinal) => NoSubject,
                { Method: "POST" } => NoSubject,
                _ => (404, """{"error_code":404,"message":"HTTP 404 Not Found"}"""),
            }
        );

    public static (int Status, string Body) NoSubject => (404, """{"error_code":40401,"message":"Subject not found."}""");

    public void Dispose() => _listener.Close();

    // HttpListener wants to know its port, so one is guessed until it is free.
    private static (HttpListener Listener, string Url) Listen()
    {
        for (int tries = 0; ; tries++)
        {
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            string url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}";
            probe.Stop();
            var listener = new HttpListener();
            listener.Prefixes.Add(url + "/");
            try
            {
                listener.Start();
                return (listener, url);
            }
            catch (HttpListenerException) when (tries < 20)
            {
                listener.Close();
            }
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await _listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            // closed
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            using var reader = new StreamReader(context.Request.InputStream, Encoding.UTF8);
            var request = new RegistryRequest(
                context.Request.HttpMethod,
                context.Request.RawUrl!,
                await reader.ReadToEndAsync(),
                context.Request.Headers["Authorization"]
            );
            Requests.Enqueue(request);
            (int status, string body) = Answer(request);
            if (status < 0)
                return;
            context.Response.StatusCode = status;
            if (status == 302)
                context.Response.RedirectLocation = Url + "/elsewhere";
            await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(body));
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
        {
            // the client has gone
        }
    }
}
