using Google.Protobuf;
using Grpc.Net.Client;
using Loggregator.Agent;
using Loggregator.Client.Connect;
using Loggregator.Pipeline.Flow;
using Loggregator.Protocol.V2;
using Loggregator.TestKit.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Loggregator.IntegrationTests;

/// <summary>An agent on a free port, and a producer of it.</summary>
internal sealed class AgentHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ErrorRecorder _recorder;
    private bool _stopped;

    private AgentHost(WebApplication app, ErrorRecorder recorder)
    {
        _app = app;
        _recorder = recorder;
        Counters = app.Services.GetRequiredService<AgentCounters>();
        Service = app.Services.GetRequiredService<AgentService>();
        Udp = app.Services.GetRequiredService<Loggregator.Agent.Ingress.UdpIngress>().EndPoint!;
        Address = new Uri(app.Urls.Single()).Authority;
        Channel = new PeerConnector().Open(Address, PeerConnector.AgentName);
        Producer = new Ingress.IngressClient(Channel);
    }

    public string Address { get; }

    public System.Net.IPEndPoint Udp { get; }

    public AgentCounters Counters { get; }

    public AgentService Service { get; }

    public GrpcChannel Channel { get; }

    public Ingress.IngressClient Producer { get; }

    public IReadOnlyList<string> LogLines => _recorder.Lines;

    public static async Task<AgentHost> StartAsync(Action<AgentOptions> configure)
    {
        var options = new AgentOptions { AgentId = "test-agent", UdpListen = "127.0.0.1:0", Lanes = 1, RingBytes = 16 * 1024 * 1024 };
        configure(options);
        var recorder = new ErrorRecorder();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(recorder);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(new PeerConnector());
        builder.Services.AddAgent(options);
        var app = builder.Build();
        app.MapAgent();
        await app.StartAsync();
        return new AgentHost(app, recorder);
    }

    /// <summary>Log envelopes <paramref name="first"/>, first + 1 … of a source, in one batch; the text of each is its number.</summary>
    public static EnvelopeBatch Logs(string source, int first, int count) => new()
    {
        Batch =
        {
            Enumerable.Range(first, count).Select(i => new Envelope
            {
                Timestamp = i,
                SourceId = source,
                InstanceId = "0",
                Log = new Protocol.V2.Log { Payload = ByteString.CopyFromUtf8($"{i}") },
            }),
        },
    };

    public async Task SendAsync(EnvelopeBatch batch) => await Producer.SendAsync(batch);

    /// <summary>Waits for a state that no event tells.</summary>
    public async Task UntilAsync(Func<bool> reached, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!reached())
        {
            if (limit.IsCancellationRequested)
            {
                throw new TimeoutException($"Not reached: {what}. {Numbers()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), CancellationToken.None);
        }
    }

    public async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync();
        }
    }

    /// <summary>Ends the agent and checks its books.</summary>
    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await StopAsync();
        var c = Counters;
        Assert.True(c.Received + c.Generated == c.Appended + c.Dropped(LossReason.Invalid) + c.Dropped(LossReason.TooLarge), Numbers());
        Assert.True(c.Appended == c.Sent + c.Dropped(LossReason.RingFull) + c.Dropped(LossReason.Shutdown) + c.Held, Numbers());
        Assert.True(c.InFlight == 0 && c.ChargedBytes == 0, Numbers());
        Assert.Empty(_recorder.Errors);
        await _app.DisposeAsync();
    }

    private string Numbers()
    {
        var c = Counters;
        return $"received {c.Received}, generated {c.Generated}, appended {c.Appended}, sent {c.Sent}, resent {c.Resent}, confirmed {c.Confirmed}, lost {c.Lost}, "
            + $"in flight {c.InFlight}, held {c.Held}, charged {c.ChargedBytes}, duplicates {c.Duplicates}, moves {c.Moves}, "
            + string.Join(", ", Enum.GetValues<LossReason>().Where(r => c.Dropped(r) != 0).Select(r => $"{r.Text()} {c.Dropped(r)}"))
            + "\n" + string.Join('\n', LogLines);
    }
}
