using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Loggregator.TestKit.Sinks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Loggregator.IntegrationTests.Sinks;

/// <summary>An https receiver that misbehaves as a test wants.</summary>
internal sealed class HttpsFake : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly PeerCertificates _certificates = new();

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gets each request and its body, and answers.</param>
    /// <param name="certificate">Which certificate it presents.</param>
    /// <param name="decode">Reads bodies that are not plain text.</param>
    public HttpsFake(Func<HttpContext, string, Task> answer, string certificate = "server", Func<Stream, string>? decode = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        using var pem = X509Certificate2.CreateFromPemFile(_certificates.Certificate(certificate), _certificates.Key(certificate));
        var leaf = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.UseHttps(leaf)));
        _app = builder.Build();
        _app.Run(async context =>
        {
            using var bytes = new MemoryStream();
            await context.Request.Body.CopyToAsync(bytes, context.RequestAborted);
            bytes.Position = 0;
            var body = decode?.Invoke(bytes) ?? Encoding.UTF8.GetString(bytes.ToArray());
            Requests.Enqueue((context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()), body));
            await answer(context, body);
        });
        ((IHost)_app).Start();
        Port = new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;
    }

    /// <summary>Headers and bodies, in order of arrival.</summary>
    public ConcurrentQueue<(Dictionary<string, string> Headers, string Body)> Requests { get; } = new();

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>What the sink trusts.</summary>
    public (string, string) Authority => ("ca", _certificates.Authority);

    /// <summary>A receiver that gives one status for each request, the last one from then on.</summary>
    public static HttpsFake Answering(params int[] statuses)
    {
        var next = -1;
        return new HttpsFake((context, _) =>
        {
            context.Response.StatusCode = statuses[Math.Min(Interlocked.Increment(ref next), statuses.Length - 1)];
            return Task.CompletedTask;
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificates.Dispose();
    }
}
