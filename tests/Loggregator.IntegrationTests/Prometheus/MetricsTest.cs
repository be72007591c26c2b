using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Loggregator.IntegrationTests.Doppler;
using Loggregator.IntegrationTests.TrafficController;
using Loggregator.Protocol.V2;
using Loggregator.TrafficController;
using Loggregator.TrafficController.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Loggregator.IntegrationTests.Prometheus;

/// <summary>Dopplers and a Traffic Controller that answers queries over them. A request's header <c>Sources</c> says whose metrics its caller may see.</summary>
public abstract class MetricsTest : IAsyncDisposable
{
    private protected List<DopplerHost> Dopplers { get; } = [];

    private protected TrafficControllerHost Host { get; private set; } = null!;

    /// <summary>A minute ago, seconds since 1970.</summary>
    private protected long Base { get; } = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - 60;

    private protected static CancellationToken Patience => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Host.AssertConservation();
        await Host.DisposeAsync();
        foreach (var doppler in Dopplers)
        {
            await doppler.AssertConservationAsync();
            await doppler.DisposeAsync();
        }
    }

    private protected async Task StartAsync(int dopplers = 1, Action<TrafficControllerOptions>? configure = null, TimeProvider? time = null)
    {
        for (var i = 0; i < dopplers; i++)
        {
            Dopplers.Add(await DopplerHost.StartAsync());
        }

        Host = await TrafficControllerHost.StartAsync(
            [],
            options =>
            {
                options.Dopplers = [.. Dopplers.Select(doppler => new Uri(doppler.Address).Authority)];
                configure?.Invoke(options);
            },
            time,
            services: services => services.AddSingleton<CallerScope>(ScopeOf));
    }

    private static SourceScope ScopeOf(Microsoft.AspNetCore.Http.HttpContext context) =>
        context.Request.Headers.TryGetValue("Sources", out var sources) ? SourceScope.Of(sources.ToString().Split(',')) : SourceScope.Everything;

    /// <summary>A counter's total at some second after <see cref="Base"/>.</summary>
    private protected Envelope Counter(string source, string name, double second, ulong total, string instance = "0", params (string, string)[] tags) =>
        With(new Envelope { Counter = new Counter { Name = name, Total = total } }, source, second, instance, tags);

    /// <summary>A gauge's value at some second after <see cref="Base"/>.</summary>
    private protected Envelope Gauge(string source, string name, double second, double value, string instance = "0", params (string, string)[] tags) =>
        With(new Envelope { Gauge = new Gauge { Metrics = { [name] = new GaugeValue { Value = value, Unit = "bytes" } } } }, source, second, instance, tags);

    /// <summary>A request's timer that ends at some second after <see cref="Base"/>.</summary>
    private protected Envelope Timer(string source, double second, double milliseconds, string instance = "0", params (string, string)[] tags)
    {
        var stop = (long)((Base + second) * 1e9);
        return With(
            new Envelope { Timer = new Protocol.V2.Timer { Name = "http", Start = stop - (long)(milliseconds * 1e6), Stop = stop } }, source, second, instance, tags);
    }

    /// <summary>Asks with GET; parameters alternate names and values.</summary>
    private protected Task<(int Status, string Body)> GetAsync(string path, params string[] parameters) => SendAsync(Get(path, parameters));

    private protected static HttpRequestMessage Get(string path, params string[] parameters) =>
        new(HttpMethod.Get, parameters.Length == 0 ? path : path + "?" + string.Join('&', Pairs(parameters).Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}")));

    /// <summary>Asks with POST of a form.</summary>
    private protected Task<(int Status, string Body)> PostAsync(string path, params string[] parameters) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(Pairs(parameters)) });

    private protected async Task<(int Status, string Body)> SendAsync(HttpRequestMessage request, string? sources = null)
    {
        if (sources is not null)
        {
            request.Headers.Add("Sources", sources);
        }

        using (request)
        {
            using var response = await Host.Http.SendAsync(request, Patience);
            Assert.Equal(new MediaTypeHeaderValue("application/json"), response.Content.Headers.ContentType);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Patience));
        }
    }

    /// <summary>The data of an answer that must be a success without warnings.</summary>
    private protected static string DataOf((int Status, string Body) answer)
    {
        Assert.Equal(200, answer.Status);
        var root = JsonNode.Parse(answer.Body)!;
        Assert.Equal("success", (string?)root["status"]);
        Assert.Null(root["warnings"]);
        return Encode(root["data"]!);
    }

    /// <summary>JSON as one writes it by hand: no escapes that need not be.</summary>
    private protected static string Encode(JsonNode node) =>
        node.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Seconds after <see cref="Base"/> as a parameter.</summary>
    private protected string At(double second) => (Base + second).ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<KeyValuePair<string, string>> Pairs(string[] parameters) => parameters.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1]));

    private Envelope With(Envelope envelope, string source, double second, string instance, (string, string)[] tags)
    {
        envelope.SourceId = source;
        envelope.InstanceId = instance;
        envelope.Timestamp = (long)((Base + second) * 1000) * 1_000_000;
        foreach (var (name, value) in tags)
        {
            envelope.Tags.Add(name, value);
        }

        return envelope;
    }
}
