using System.Net.Http.Headers;
using Loggregator.PromQl.Storage;
using Loggregator.TestKit.Cluster;
using Loggregator.TestKit.Sinks;

namespace Loggregator.TestKit.PromQl;

/// <summary>A real Prometheus server on loopback that takes remote writes, and scrapes what its configuration says.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private const long Slice = 600_000; // a server takes no samples that are much older than its newest

    private readonly string _folder = Directory.CreateTempSubdirectory("loggregator-prometheus-").FullName;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly PeerProcess _process;

    private PrometheusServer(string settings)
    {
        var port = PeerProcess.FreePort();
        var configuration = Path.Combine(_folder, "prometheus.yml");
        File.WriteAllText(configuration, settings);
        _process = new PeerProcess(
            "prometheus", _folder, null, $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(_folder, "data")}", $"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver", "--log.level=warn");
        Address = new Uri($"http://127.0.0.1:{port}/");
        Api = new PrometheusClient(_http, Address);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Queries it.</summary>
    public PrometheusClient Api { get; }

    /// <summary>Starts one with an empty store, in which it stays until it is disposed.</summary>
    /// <param name="cancel">Ends the start.</param>
    /// <param name="configuration">Its <c>prometheus.yml</c>; one that scrapes nothing when none is given.</param>
    public static async Task<PrometheusServer> StartAsync(CancellationToken cancel, string configuration = "{}\n")
    {
        var server = new PrometheusServer(configuration);
        var ready = false;
        await server._process.StartAsync(() => PeerProcess.Accepts(server.Address.Port), cancel);
        await Deadline.UntilAsync(() => ready, () => "Prometheus is not ready: " + server._process.Output, cancel, each: async () =>
        {
            using var answer = await server._http.GetAsync(new Uri(server.Address, "-/ready"), cancel);
            ready = answer.IsSuccessStatusCode;
        });
        return server;
    }

    /// <summary>Appends samples. They can be queried when this returns.</summary>
    public async Task WriteAsync(IReadOnlyCollection<Series> series, CancellationToken cancel)
    {
        var times = series.SelectMany(one => one.Samples.ToArray()).Select(sample => sample.Time).ToList();
        for (var from = times.Min(); from <= times.Max(); from += Slice)
        {
            var slice = series.Select(one => one with { Samples = one.Samples.ToArray().Where(sample => sample.Time >= from && sample.Time < from + Slice).ToArray() });
            using var body = new ByteArrayContent(RemoteWrite.Body(slice));
            body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            body.Headers.ContentEncoding.Add("snappy");
            body.Headers.Add("X-Prometheus-Remote-Write-Version", "0.1.0");
            using var answer = await _http.PostAsync(new Uri(Address, "api/v1/write"), body, cancel);
            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"Prometheus takes no samples: {await answer.Content.ReadAsStringAsync(cancel)}");
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
